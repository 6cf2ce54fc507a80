// The photo that came last, decoded once: while it stays, the server sends maps alone.

import { decoded } from "./pictures.js";

export class LastPhoto {
  constructor() {
    /** @type {string | null} */
    this.id = null;
    /** @type {Promise<ImageBitmap> | null} */
    this.bitmap = null;
    /** @type {Uint8Array<ArrayBuffer>[] | null} */
    this.frames = null;
  }

  /**
   * The promise of a photo's bitmap, null if it was neither sent nor the last one. Of a video it is
   * that of the first frame, and `frames` has all of them, still coded.
   *
   * @param {{ id: string, frames?: number[] | null }} photo `frames` are the lengths of their codes
   * @param {Uint8Array<ArrayBuffer>} jpeg empty where the photo was not sent
   */
  take({ id, frames }, jpeg) {
    if (jpeg.length && this.id !== id) {
      this.id = id;
      this.frames = frames ? cut(jpeg, frames) : null;
      this.bitmap = decoded(this.frames?.[0] ?? jpeg);
      this.bitmap.catch(() => {}); // whoever awaits it gets the error
    }
    return this.id === id ? this.bitmap : null;
  }
}

/** Parts of some lengths, one behind another. */
function cut(bytes, lengths) {
  let end = 0;
  return lengths.map((length) => bytes.subarray(end, (end += length)));
}
