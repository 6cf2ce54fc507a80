// Blobs as attnviz/viewer/blob.py packs them, for tests.

const DTYPES = {
  Uint8Array: "uint8", Int8Array: "int8", Uint16Array: "float16", Float32Array: "float32", Buffer: "uint8",
};

/**
 * A blob that begins `offset` bytes into a larger message. `arrays` are typed arrays or lists of
 * bytes, or {values, shape}.
 */
export function packed(header, arrays = {}, offset = 0) {
  const up = (length) => Math.ceil(length / 4) * 4;
  const table = [];
  const body = [];
  let start = 0;
  for (const [name, given] of Object.entries(arrays)) {
    const values = given.shape ? given.values : given;
    const typed = ArrayBuffer.isView(values) ? values : Uint8Array.from(values);
    const dtype = DTYPES[typed.constructor.name];
    table.push({ name, dtype, shape: given.shape ?? [typed.length], start });
    body.push([start, new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength)]);
    start += up(typed.byteLength);
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: table }));
  const begin = offset + 4 + up(text.length);
  const bytes = new Uint8Array(begin + start).fill(0x20);
  new DataView(bytes.buffer).setUint32(offset, up(text.length), true);
  bytes.set(text, offset + 4);
  for (const [at, raw] of body) bytes.set(raw, begin + at);
  return bytes.subarray(offset);
}
