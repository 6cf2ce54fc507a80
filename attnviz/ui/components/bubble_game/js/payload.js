// Reading the blob that packing.py makes: u32 length | header | JPEGs.

/** Header and pictures (JPEG bytes) of a blob. */
export function unpack(bytes) {
  // The bytes are a view into a message and begin anywhere: only DataView reads unaligned numbers.
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  let at = 4;
  const next = (count) => bytes.slice(at, (at += count));
  const header = JSON.parse(new TextDecoder().decode(next(length)));
  return { header, pictures: header.pictures.map(next) };
}

/** The pictures as bitmaps. */
export const decoded = (pictures) =>
  Promise.all(
    pictures.map((jpeg) => createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }))),
  );
