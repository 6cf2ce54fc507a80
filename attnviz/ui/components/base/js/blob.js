// Reading the blob that attnviz/viewer/blob.py packs: u32 header length | header, JSON | arrays.

/** @typedef {Uint8Array | Int8Array | Float32Array} Values */

/** @typedef {{ shape: number[], dtype: string, data: any }} NamedArray `data` are `Values` of the dtype */

/**
 * @typedef {object} PackedBlob
 * @property {Record<string, any>} header
 * @property {string[]} names of the arrays, in the order in which they were packed
 * @property {(name: string) => NamedArray} array copies an array out of the message
 */

/** @type {Record<string, { size: number, read: (bytes: Uint8Array<ArrayBuffer>) => Values }>} */
const DTYPES = {
  uint8: { size: 1, read: (bytes) => bytes },
  int8: { size: 1, read: (bytes) => new Int8Array(bytes.buffer) },
  float16: { size: 2, read: (bytes) => Float32Array.from(new Uint16Array(bytes.buffer), halfToNumber) },
  float32: { size: 4, read: (bytes) => new Float32Array(bytes.buffer) },
};

/**
 * The header and the arrays of a blob. float16 arrays are read as Float32Array.
 *
 * @param {Uint8Array} bytes
 * @returns {PackedBlob}
 */
export function unpack(bytes) {
  // The bytes are a view into a message and begin anywhere: only DataView reads unaligned numbers.
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const entries = new Map(header.arrays.map((entry) => [entry.name, entry]));
  const array = (name) => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`The blob has no array "${name}".`);
    const { dtype, shape, start } = entry;
    const count = shape.reduce((product, side) => product * side, 1);
    const { size, read } = DTYPES[dtype];
    return { shape, dtype, data: read(bytes.slice(4 + length + start, 4 + length + start + count * size)) };
  };
  return { header, names: [...entries.keys()], array };
}

/**
 * The bytes that zlib compressed.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array>}
 */
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Values as shares in 0..1: codes of 8 bits are shares of 255, floats are shares already.
 *
 * @param {NamedArray} array
 * @returns {Float32Array}
 */
export function shares({ dtype, data }) {
  return Float32Array.from(data, dtype === "uint8" ? (code) => code / 255 : (share) => share);
}

/**
 * The number that a float16 code represents.
 *
 * @param {number} code
 */
export function halfToNumber(code) {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 0x1f;
  const fraction = code & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
