// The picture of a cell, put together from the sharp one and one that is blurred all over.

/** Make the pixels opaque that are sharp at a share's index, and all others clear (RGBA). */
export function cutOut(pixels, steps, index) {
  for (let at = 0; at < steps.length; at++) pixels[4 * at + 3] = steps[at] <= index ? 255 : 0;
}

/** Draws cells of one budget; `pictures` are bitmaps by radius, the sharp one first. */
export class Composer {
  /** @type {Uint8Array} */
  steps;
  /** @type {ImageBitmap[]} */
  pictures;
  /** @type {CanvasRenderingContext2D} */
  context;
  /** @type {HTMLCanvasElement} */
  mask;
  /** @type {CanvasRenderingContext2D} */
  cutter;

  constructor(canvas, size, steps, pictures) {
    [canvas.height, canvas.width] = size;
    Object.assign(this, { steps, pictures, context: canvas.getContext("2d") });
    const mask = document.createElement("canvas");
    [mask.height, mask.width] = size;
    Object.assign(this, { mask, cutter: mask.getContext("2d") });
    this.pixels = new ImageData(new Uint8ClampedArray(4 * steps.length), size[1], size[0]);
  }

  draw([radius, share]) {
    // Alpha is all or nothing: nothing is mixed, so that every byte stays what it was.
    cutOut(this.pixels.data, this.steps, share);
    this.cutter.globalCompositeOperation = "source-over";
    this.cutter.putImageData(this.pixels, 0, 0);
    this.cutter.globalCompositeOperation = "source-in";
    this.cutter.drawImage(this.pictures[0], 0, 0);
    this.context.drawImage(this.pictures[radius], 0, 0);
    this.context.drawImage(this.mask, 0, 0);
  }
}
