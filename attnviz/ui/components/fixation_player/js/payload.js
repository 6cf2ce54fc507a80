// Reading the blob that packing.py makes: u32 length | header | photo, JPEG | density, PNG.

/** Header, photo and density of a blob; the view into Streamlit's message is not aligned. */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const middle = 4 + length + header.photo;
  return { header, photo: bytes.slice(4 + length, middle), density: bytes.slice(middle) };
}
