// A blurred picture with bubbles through which the sharp one is seen.

/** @type {[string, number][]} colour and thickness */
const RING = [["#000b", 4], ["#fff", 2]];

/** Draws on a canvas of the picture's own size; `header` has size, radius and feather in px. */
export class Painter {
  /** @type {HTMLCanvasElement} */
  canvas;
  /** @type {CanvasRenderingContext2D} */
  context;
  /** @type {Record<string, any>} */
  header;
  /** @type {number} */
  width;
  /** @type {number} */
  height;

  constructor(canvas, header) {
    const [height, width] = header.size;
    Object.assign(this, { canvas, height, width, header, context: canvas.getContext("2d") });
    this.cut = document.createElement("canvas");
    for (const one of [canvas, this.cut]) Object.assign(one, { width, height });
    this.cutter = this.cut.getContext("2d");
  }

  /** `soft`, and over it `sharp` through a bubble at each place [y, x], in shares. */
  show(soft, sharp, places) {
    this.context.drawImage(soft, 0, 0, this.width, this.height);
    for (const place of places) this.open(sharp, place);
  }

  open(sharp, [y, x]) {
    const { cutter, width, height } = this;
    const { radius, feather } = this.header;
    const [left, top] = [x * width, y * height];
    const inside = Math.max(radius - feather / 2, 0);
    const edge = cutter.createRadialGradient(left, top, inside, left, top, radius + feather / 2);
    edge.addColorStop(0, "#000f");
    edge.addColorStop(1, "#0000");
    cutter.globalCompositeOperation = "copy";
    cutter.fillStyle = edge;
    cutter.fillRect(0, 0, width, height);
    cutter.globalCompositeOperation = "source-in";
    cutter.drawImage(sharp, 0, 0, width, height);
    this.context.drawImage(this.cut, 0, 0);
  }

  /** A numbered ring around each place, the last one strongest. */
  rings(places) {
    const { context, width, height } = this;
    const { radius } = this.header;
    const css = width / (this.canvas.clientWidth || width); // px of the canvas in one of the page
    const size = Math.max(0.6 * radius, 12 * css);
    const aside = 0.75 * radius; // the number stands on the ring, not in what was seen
    context.font = `700 ${size}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    places.forEach(([y, x], index) => {
      context.globalAlpha = index === places.length - 1 ? 1 : 0.75;
      for (const [colour, thick] of RING) {
        context.strokeStyle = colour;
        context.lineWidth = thick * Math.max(css, width / 800);
        context.beginPath();
        context.arc(x * width, y * height, radius, 0, 2 * Math.PI);
        context.stroke();
      }
      context.strokeStyle = "#000";
      context.lineWidth = size / 4;
      context.fillStyle = "#fff";
      const [right, down] = [x * width + aside, y * height - aside];
      context.strokeText(String(index + 1), right, down);
      context.fillText(String(index + 1), right, down);
    });
    context.globalAlpha = 1;
  }
}
