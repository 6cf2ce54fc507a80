// Reading the blob that packing.py makes: u32 length | header | blocks.

/** The header, and `block([start, size])`, which copies one of the blocks behind it. */
export function unpack(bytes) {
  // The bytes are a view into a message and begin anywhere: only DataView reads unaligned numbers.
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const block = ([start, size]) => bytes.slice(4 + length + start, 4 + length + start + size);
  return { header, block };
}
