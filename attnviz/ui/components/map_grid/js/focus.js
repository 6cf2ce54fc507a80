// Focus pictures of all cells, by the viewer's renderer on one canvas that is never seen: a quick
// one at once, and the exact one, cell after cell, when nothing has changed for a while.

import { openRenderer } from "../../base/js/context.js";
import { loseContext } from "../../base/js/gl.js";
import { Renderer } from "../../base/js/renderer.js";
import { inBands } from "../../base/js/schedule.js";
import { WHOLE } from "../../base/js/zoom.js";

const REST_MS = 180;
const PLAIN = { mode: "bokeh", aperture: "disc", highlights: 0, outline: false, opacity: 0 };

export class FocusPainter {
  /** @type {Record<string, string>} */
  shaders;
  /** @type {{ changed: () => void, finished: () => void }} */
  host;
  /** @type {Map<any, any>} */
  loads;
  /** @type {Map<any, any>} */
  jobs;
  /** @type {boolean} */
  closed;
  /** @type {Renderer | null} */
  renderer;

  /** `host` has changed(), for when the GPU comes or goes, and finished(). */
  constructor(shaders, host) {
    Object.assign(this, { shaders, host, loads: new Map(), jobs: new Map(), closed: false });
    this.schedule = { stop: () => this.forget() };
    this.canvas = document.createElement("canvas");
    openRenderer(this.canvas, this);
  }

  /** Whether this browser can draw focus pictures. */
  get works() {
    return Boolean(this.renderer);
  }

  /**
   * Draw a scene's layer for `cell`, which is handed a canvas by its take(canvas): soon, and once
   * more when the picture is exact. `range` are the values that become 0 and 1, `own` if they are
   * the layer's; `curve` is {threshold, softness, radius}, the radius as a share of the diagonal.
   */
  paint(cell, scene, index, range, own, curve) {
    this.halt();
    const scale = own ? "layer" : "all-layers";
    this.jobs.set(cell, { cell, scene, index, range, view: { ...PLAIN, ...curve, scale } });
    this.use(this.jobs.get(cell));
    this.show(this.jobs.get(cell));
    this.resting = setTimeout(() => this.refine(), REST_MS);
  }

  /** Stop, and forget what was to be drawn. */
  rest() {
    this.halt();
    this.jobs.clear();
  }

  halt() {
    clearTimeout(this.resting);
    this.cancel?.();
    this.cancel = null;
  }

  /** Let the renderer hold the job's scene; each is uploaded once. */
  use({ scene, index, range }) {
    scene.header.layers[index].span = range;
    const held = this.loads.get(scene);
    if (held) this.renderer.hold(held);
    else this.loads.set(scene, this.renderer.another(scene));
  }

  show({ cell, index, view }) {
    const { width, height } = this.renderer.loaded;
    Object.assign(this.canvas, { width, height });
    this.renderer.draw(view, index, WHOLE, [{ x: 0, y: 0, width, height }], this.canvas);
    cell.take(this.canvas);
  }

  refine() {
    const [job] = this.jobs.values();
    if (!job) {
      this.host.finished();
      return;
    }
    this.use(job);
    this.cancel = inBands(this.renderer, job.view, job.index, () => {
      this.show(job);
      this.jobs.delete(job.cell);
      this.refine();
    });
  }

  // --- the GPU, and losing it ------------------------------------------------------------------

  makeRenderer(gl) {
    return new Renderer(gl, { shaders: this.shaders, colours: {} });
  }

  forget() {
    this.rest();
    this.loads.clear();
    this.renderer = null;
  }

  restored() {
    this.host.changed();
  }

  giveUp() {
    this.host.changed();
  }

  /** Give back what the GPU holds of scenes that are gone. */
  clear() {
    this.rest();
    for (const held of this.loads.values()) this.renderer?.free(held);
    this.loads.clear();
  }

  close() {
    this.rest();
    this.closed = true;
    loseContext(this.renderer?.gl);
  }
}
