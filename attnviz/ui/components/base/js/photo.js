// The photo that came last, decoded once: while it stays, the server sends maps alone.

const AS_STORED = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

export class LastPhoto {
  constructor() {
    this.id = null;
    this.bitmap = null;
  }

  /** The promise of a photo's bitmap, null if it neither came along nor came last. */
  take({ id }, jpeg) {
    if (jpeg.length && this.id !== id) {
      this.id = id;
      this.bitmap = createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }), AS_STORED);
      this.bitmap.catch(() => {}); // whoever waits for it is told
    }
    return this.id === id ? this.bitmap : null;
  }
}
