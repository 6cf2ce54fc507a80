// The pictures of a set: small ones drawn on canvases, and what the viewer is sent.

import { inflate } from "../../base/js/blob.js";
import { fromBase64 } from "../../base/js/tables.js";

const partName = (number) => String(number).padStart(6, "0");

export class SetPictures {
  /**
   * @param {import("./shards.js").Shards} shards
   * @param {{ part: number, live: { count: number, each: number } }} content
   */
  constructor(shards, { part, live }) {
    this.shards = shards;
    this.part = part;
    this.live = live;
  }

  /** Something that a script has for each picture of a part; null where it has nothing. */
  async ofPart(folder, row) {
    const number = Math.floor(row / this.part);
    const content = await this.shards.load(folder + partName(number));
    return content[row - number * this.part] ?? null;
  }

  /** The viewer's blob of a picture; null where there is none. */
  async blob(row) {
    if (row >= this.live.count) return null;
    const number = Math.floor(row / this.part);
    const within = row - number * this.part;
    const script = Math.floor(within / this.live.each);
    const name = `live/${partName(number)}-${String(script).padStart(2, "0")}`;
    const coded = (await this.shards.load(name))[within - script * this.live.each];
    return coded ? inflate(/** @type {Uint8Array<ArrayBuffer>} */ (fromBase64(coded))) : null;
  }

  /**
   * Draw a row's picture, what is in focus sharp over its blur, and the same by the other network.
   *
   * @param {number} row
   * @param {{ plain?: HTMLCanvasElement, focus?: HTMLCanvasElement, other?: HTMLCanvasElement }} canvases
   */
  async draw(row, { plain, focus, other }) {
    const found = await this.ofPart("", row);
    if (!found) return;
    const [coded, ...sharp] = found;
    const image = await createImageBitmap(new Blob([fromBase64(coded)], { type: "image/jpeg" }));
    if (plain) {
      size(plain, image);
      plain.getContext("2d").drawImage(image, 0, 0);
    }
    if (focus) drawFocus(focus, image, sharp);
    const second = other ? await this.ofPart("other/", row) : null;
    if (second) drawFocus(other, image, second);
  }
}

function size(canvas, { width, height }) {
  Object.assign(canvas, { width, height });
}

function drawFocus(canvas, image, [rows, columns, grey]) {
  const { width, height } = image;
  size(canvas, image);
  const sharp = new OffscreenCanvas(width, height);
  const pen = sharp.getContext("2d");
  pen.drawImage(image, 0, 0);
  pen.globalCompositeOperation = "destination-in";
  pen.drawImage(opacity(fromBase64(grey), rows, columns), 0, 0, width, height);
  const brush = canvas.getContext("2d");
  const radius = Math.max(2, Math.round(Math.max(width, height) / 16));
  brush.filter = `blur(${radius}px) brightness(0.85)`;
  brush.drawImage(image, -2 * radius, -2 * radius, width + 4 * radius, height + 4 * radius); // or edges fade
  brush.filter = "none";
  brush.drawImage(sharp, 0, 0);
}

/** A grid of grey values as a picture whose opacity they are. */
function opacity(grey, rows, columns) {
  const data = new ImageData(columns, rows);
  grey.forEach((level, at) => {
    data.data[4 * at + 3] = level;
  });
  const canvas = new OffscreenCanvas(columns, rows);
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}
