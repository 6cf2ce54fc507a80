// The photo that came last, decoded once: while it stays, the server sends maps alone.

import { decoded } from "./pictures.js";

export class LastPhoto {
  constructor() {
    /** @type {string | null} */
    this.id = null;
    /** @type {Promise<ImageBitmap> | null} */
    this.bitmap = null;
  }

  /**
   * The promise of a photo's bitmap, null if it was neither sent nor the last one.
   *
   * @param {{ id: string }} photo
   * @param {Uint8Array<ArrayBuffer>} jpeg empty where the photo was not sent
   */
  take({ id }, jpeg) {
    if (jpeg.length && this.id !== id) {
      this.id = id;
      this.bitmap = decoded(jpeg);
      this.bitmap.catch(() => {}); // whoever awaits it gets the error
    }
    return this.id === id ? this.bitmap : null;
  }
}
