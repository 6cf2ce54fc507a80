// Reading the blob that packing.py makes: u32 length | header | parts, one after the other.

/** The header and its parts, Uint8Array each. */
export function unpack(bytes) {
  // The bytes are a view into a message and begin anywhere: only DataView reads unaligned numbers.
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  let at = 4;
  const next = (count) => bytes.slice(at, (at += count));
  const header = JSON.parse(new TextDecoder().decode(next(length)));
  return { header, parts: header.parts.map(next) };
}
