// What a screen reader reads of the picture, once it stays, and of a point chosen with the keyboard.

import { focusOfView, valueAt } from "../../base/js/scene.js";
import { description, pointDescription } from "../../base/js/words.js";

const DELAY_MS = 400;

export class Announcer {
  /** @param {import("./viewer.js").Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.timer = 0;
  }

  /** Describe the picture if nothing changes meanwhile. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.describe(), DELAY_MS);
  }

  describe() {
    const { scene, index, count, view, parts, player } = this.viewer;
    const { title, noun, layers } = scene.header;
    const { name, flat, title: own } = layers[index];
    const focus = focusOfView(scene, index, view);
    const text = description({ title: own || title, layer: name, noun, index, count, flat, ...focus });
    parts.canvas.ariaLabel = text;
    if (!player.isPlaying) parts.spoken.textContent = text;
  }

  /** Read out the map's value at a point. */
  point(point) {
    const { scene, index, parts } = this.viewer;
    const value = valueAt(scene, index, point.x, point.y);
    parts.spoken.textContent = pointDescription(point, value);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
