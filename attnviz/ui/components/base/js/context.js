// The GPU's context: opening it, losing it, getting it back, and giving up.

import { openContext } from "./gl.js";

const GIVE_UP_MS = 4000;

/**
 * Give `host` a `renderer` on its canvas, now and whenever the context comes back; null where there
 * is none. `host` has closed, schedule, makeRenderer(gl), restored() and giveUp().
 */
export function openRenderer(canvas, host) {
  let waiting = 0;
  const made = () => {
    try {
      const gl = openContext(canvas);
      return gl && host.makeRenderer(gl);
    } catch (error) {
      console.error("attnviz viewer:", error);
      return null;
    }
  };
  const wait = () => {
    waiting = setTimeout(() => {
      if (host.closed) return;
      // A context may be long in coming back, but only while nobody looks.
      if (document.visibilityState === "hidden") wait();
      else host.giveUp();
    }, GIVE_UP_MS);
  };
  canvas.addEventListener("webglcontextlost", (event) => {
    if (host.closed) return; // it was given back, and the server must not hear of a loss
    event.preventDefault();
    host.schedule.stop();
    canvas.dataset.lost = "1";
    wait();
  });
  canvas.addEventListener("webglcontextrestored", () => {
    if (host.closed) return;
    clearTimeout(waiting);
    delete canvas.dataset.lost;
    host.renderer = made();
    host.restored();
  });
  host.renderer = made();
}
