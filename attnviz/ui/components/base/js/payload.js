// Reading the blob that the server packs: u32 header length | header | photo | maps (zlib). No photo
// where the browser has it already.

const padded = (length) => length + ((4 - (length % 4)) % 4);

/** Header, photo (JPEG bytes) and maps (still compressed) of a payload. */
export function unpack(bytes) {
  // The bytes are a view into a message and begin anywhere: only DataView reads unaligned numbers.
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const photoAt = 4 + length;
  const mapsAt = photoAt + padded(header.photo.bytes);
  return {
    header,
    photo: bytes.subarray(photoAt, photoAt + header.photo.bytes),
    maps: bytes.subarray(mapsAt, mapsAt + header.maps.bytes),
  };
}

/** The bytes that zlib compressed. */
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A layer's values as shares of its own range, 0..1, row by row: Float32Array. */
export function layerShares(entry, blocks) {
  const count = entry.rows * entry.columns;
  if (entry.bits === 8) {
    return Float32Array.from(blocks.subarray(entry.at, entry.at + count), (code) => code / 255);
  }
  const view = new DataView(blocks.buffer, blocks.byteOffset + entry.at, 2 * count);
  return Float32Array.from({ length: count }, (_, i) => halfToNumber(view.getUint16(2 * i, true)));
}

/** One layer's matte, 0..1: Float32Array of rows x columns. */
export function matteShares(mattes, index, blocks) {
  const at = mattes.at[index];
  const codes = blocks.subarray(at, at + mattes.rows * mattes.columns);
  return Float32Array.from(codes, (code) => code / 255);
}

/** The number that a float16 code stands for. */
export function halfToNumber(code) {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 0x1f;
  const fraction = code & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
