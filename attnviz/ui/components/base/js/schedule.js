// When to draw: at once while something changes, and the exact picture once all is still.

const IDLE_MS = 180;

/**
 * The exact picture, one band a frame, each waiting for the one before: a slow GPU stays able to
 * answer. `finished` is called at the end; the function that is returned cancels what is left.
 */
export function inBands(renderer, view, position, finished) {
  let frame = 0;
  const next = () => {
    const started = performance.now();
    const done = renderer.refineBand(view, position);
    const fence = renderer.gl.fenceSync(renderer.gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    renderer.gl.flush();
    const wait = () => {
      if (renderer.gl.isContextLost()) return;
      if (renderer.gl.getSyncParameter(fence, renderer.gl.SYNC_STATUS) !== renderer.gl.SIGNALED) {
        frame = requestAnimationFrame(wait);
        return;
      }
      renderer.gl.deleteSync(fence);
      renderer.paced(performance.now() - started);
      if (done) finished();
      else next();
    };
    frame = requestAnimationFrame(wait);
  };
  next();
  return () => cancelAnimationFrame(frame);
}

/** `host` has draw(), renderer, view, position, and a canvas in parts whose data tests wait on. */
export class Schedule {
  constructor(host) {
    this.host = host;
    this.frame = 0;
    this.idle = 0;
    this.cancel = () => {};
    this.frames = 0;
  }

  /** Something has changed: draw a quick picture in the next frame. */
  ask() {
    clearTimeout(this.idle);
    this.cancel();
    this.note("final", "0");
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const refined = this.signature();
      if (refined !== this.made) this.host.renderer.restart();
      this.made = refined;
      this.host.draw();
      this.note("frames", String(++this.frames));
      this.idle = setTimeout(() => this.refine(), IDLE_MS);
    });
  }

  stop() {
    clearTimeout(this.idle);
    cancelAnimationFrame(this.frame);
    this.cancel();
    this.frame = 0;
    this.made = "";
  }

  /** What the exact picture depends on; zooming and panning do not change it. */
  signature() {
    const { view, position, scene } = this.host;
    const { radius, threshold, softness, scale, outline, aperture, highlights } = view;
    return JSON.stringify([
      scene.header.id, position, radius, threshold, softness, scale, outline, aperture, highlights,
    ]);
  }

  refine() {
    const { renderer, view } = this.host;
    if (renderer.isRefined || !renderer.needsRefining(view)) {
      this.note("final", "1");
      return;
    }
    this.cancel = inBands(renderer, view, this.host.position, () => {
      this.host.draw();
      this.note("final", "1");
    });
  }

  note(name, value) {
    this.host.parts.canvas.dataset[name] = value;
  }
}
