// Reading the blob that packing.py makes: u32 length | header | colours | steps | PNGs.

const COLOURS = 3 * 256;

/** Header, colours (256 x RGB), steps (a byte for each pixel) and pictures (PNG) of a blob. */
export function unpack(bytes) {
  // The bytes are a view into a message and begin anywhere: only DataView reads unaligned numbers.
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  let at = 4;
  const next = (count) => bytes.slice(at, (at += count));
  const header = JSON.parse(new TextDecoder().decode(next(length)));
  const [height, width] = header.size;
  const colours = next(COLOURS);
  const steps = next(height * width);
  return { header, colours, steps, pictures: header.pictures.map(next) };
}
