// The page's eye: where it looks, what is pointed at, and everything that shows it.

import { openRenderer } from "../../base/js/context.js";
import { loseContext } from "../../base/js/gl.js";
import { Fovea } from "./fovea.js";
import { listen, stepped } from "./gaze.js";
import { buildMaps, markMap, stopSaid } from "./maps.js";
import { connect } from "./panel.js";
import { readScene, release } from "./scene.js";
import { changed, loadSettings, storeSettings } from "./settings.js";
import { Showing } from "./showing.js";
import { Walk } from "./walk.js";

const SHOWN_STOPS = 6;

/** One eye in one place on a page. */
export class Eye {
  /** @type {HTMLElement} */
  root;
  /** @type {any} */
  assets;
  /** @type {any} */
  scene;
  /** @type {Fovea | null} */
  renderer;
  /** @type {boolean} */
  closed;
  /** @type {string} */
  mode;
  /** @type {{ x: number, y: number } | null} */
  pointed;
  /** @type {{ x: number, y: number }[]} */
  added;
  /** @type {number} */
  path;
  /** @type {number} */
  count;
  /** @type {number} */
  frames;

  constructor(root, assets) {
    Object.assign(this, { root, assets, closed: false, scene: null });
    Object.assign(this, { mode: "follow", pointed: null, added: [], path: -1, count: 0, frames: 0 });
    this.part = (selector) => root.querySelector(selector);
    this.canvas = this.part(".stage > canvas");
    this.settings = loadSettings(window.localStorage, window.screen.width);
    this.walk = new Walk(this);
    this.showing = new Showing(this);
    this.schedule = { stop: () => cancelAnimationFrame(this.frame) };
    this.canvas.eye = this; // for tests, which look at the pixels
    this.listen();
    openRenderer(this.canvas, this);
  }

  makeRenderer(gl) {
    return new Fovea(gl, this.assets.shaders);
  }

  // --- what the server sends -------------------------------------------------------------------

  receive({ data, setStateValue, setTriggerValue }) {
    this.tellState = setStateValue;
    this.tellTrigger = setTriggerValue;
    if (!this.renderer) this.giveUp();
    else if (data instanceof Uint8Array) this.load(data.slice());
  }

  async load(bytes) {
    const loading = (this.loading = Symbol("load"));
    try {
      const scene = await readScene(bytes);
      if (this.loading !== loading || this.closed) release(scene);
      else this.adopt(scene);
    } catch (error) {
      if (this.loading === loading && !this.closed) this.giveUp(error);
    }
  }

  adopt(scene) {
    const before = this.scene;
    const same = before?.header.photoId === scene.header.photoId;
    this.scene = scene;
    if (!same) {
      this.renderer.load(scene.bitmap);
      Object.assign(this, { mode: "follow", pointed: null, added: [] });
      this.gaze = scene.header.gaze;
    }
    const { paths } = scene.header;
    const title = before?.header.paths[this.path]?.title;
    const again = paths.findIndex((path) => path.title === title);
    buildMaps(this.part(".maps"), paths, scene.addresses, (index) => this.choose(index));
    this.choose(again < 0 ? 0 : again);
    release(before);
    this.showing.adopt(scene);
    this.part(".credit").textContent = scene.header.credit;
  }

  // --- what the user does ----------------------------------------------------------------------

  listen() {
    const { part } = this;
    listen(this.canvas, this);
    this.showSettings = connect(this.root, (changes) => this.change(changes));
    for (const button of this.modes()) {
      button.onclick = () => this.setMode(button.dataset.mode);
    }
    part(".add").onclick = () => this.add();
    part(".clear").onclick = () => this.clear();
    part(".play").onclick = () => this.walk.toggle();
    part(".back-one").onclick = () => this.walk.step(-1);
    part(".on-one").onclick = () => this.walk.step(1);
    part(".count input").oninput = () => this.setCount(Number(part(".count input").value));
    part(".all").onchange = () => this.ask();
    part(".want").onclick = () => this.want();
    this.resized = new ResizeObserver(() => this.ask());
    this.resized.observe(part(".stage"));
  }

  move(point) {
    if (!this.scene) return; // nothing to look at yet
    if (this.mode === "follow") this.gaze = point;
    else this.pointed = point;
    this.ask();
  }

  leave() {
    this.pointed = null;
    this.ask();
  }

  /** Look there, and hold the gaze; or let it follow again. */
  click(point) {
    if (!this.scene) return;
    this.walk.reset();
    this.gaze = point;
    this.pointed = null;
    this.setMode(this.mode === "follow" ? "hold" : "follow");
  }

  key(event) {
    if (!this.scene) return false;
    const from = (this.mode === "hold" && this.pointed) || this.look;
    const moved = stepped(from, event);
    if (moved) this.move(moved);
    else if (event.ctrlKey || event.altKey || event.metaKey) return false;
    else {
      const act = {
        Enter: () => this.click(from), " ": () => this.walk.toggle(), f: () => this.add(), F: () => this.add(),
        "[": () => this.walk.step(-1), "]": () => this.walk.step(1), Escape: () => this.clear(),
      }[event.key];
      if (!act) return false;
      act();
    }
    return true;
  }

  /** @returns {NodeListOf<HTMLButtonElement>} */
  modes() {
    return this.root.querySelectorAll(".modes button");
  }

  setMode(mode) {
    if (mode === "follow" && this.scene) {
      this.gaze = this.look;
      this.walk.reset();
    }
    this.mode = mode;
    this.pointed = null;
    this.ask();
  }

  add() {
    if (!this.scene) return;
    this.added = [...this.added.slice(-14), this.look];
    this.ask();
  }

  clear() {
    this.added = [];
    this.ask();
  }

  change(changes) {
    const { settings, refused } = changed(this.settings, changes);
    this.settings = settings;
    this.refused = refused;
    storeSettings(window.localStorage, settings);
    this.ask();
  }

  // --- the scanpath ----------------------------------------------------------------------------

  get stops() {
    return this.scene?.header.paths[this.path]?.stops.slice(0, this.count) ?? [];
  }

  get slower() {
    return Number(this.part(".speed select").value);
  }

  choose(index) {
    this.walk.reset();
    this.path = index;
    const all = this.scene.header.paths[index]?.stops.length ?? 0;
    this.part(".count input").max = Math.max(1, all);
    this.setCount(Math.min(all, SHOWN_STOPS));
  }

  setCount(count) {
    this.count = count;
    if (this.walk.at >= count) this.walk.reset();
    this.ask();
  }

  arrived() {
    this.mode = "hold";
    this.pointed = null;
    this.ask();
  }

  playing(now) {
    this.part(".play").textContent = now ? "Pause" : "Play";
    this.ask();
  }

  /** Where the eye rests now, shares of the picture. */
  get look() {
    const stop = this.stops[this.walk.at];
    return stop ? { x: stop.x, y: stop.y } : this.gaze;
  }

  get fixations() {
    const past = this.part(".all").checked ? this.stops.slice(0, this.walk.at) : [];
    return [...this.added, ...past, this.look];
  }

  // --- what is shown ---------------------------------------------------------------------------

  ask() {
    if (this.frame || this.closed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.refresh();
    });
  }

  refresh() {
    this.showSettings(this.settings);
    if (!this.scene || !this.renderer || this.closed) return;
    const { width, height } = this.scene;
    const fixations = this.fixations.map(({ x, y }) => ({ x: x * width, y: y * height }));
    const screen = this.showing.arrange();
    const sight = { fixations, retina: this.settings, perDegree: screen.photoPerDegree };
    this.renderer.draw(sight, this.canvas);
    this.showing.show(screen);
    markMap(this.part(".maps"), this.path);
    this.part(".stop-text").textContent =
      stopSaid(this.scene.header.paths[this.path], this.stops, this.walk.at);
    this.canvas.dataset.frames = String(++this.frames);
  }

  /** Ask the server for this picture. */
  want() {
    if (!this.scene) return;
    const { perDegree, pxPerCm, photoPerDegree } = this.showing.arrange();
    const { distance, coarser, leastContrast, decay, halfAngle } = this.settings;
    this.tellTrigger("save_request", {
      photoId: this.scene.header.photoId,
      fixations: this.fixations.map(({ x, y }) => [x, y]),
      pixelsPerDegree: photoPerDegree,
      distance, coarser, leastContrast, decay, halfAngle, pxPerCm, screenPixelsPerDegree: perDegree,
      path: this.walk.at >= 0 ? this.scene.header.paths[this.path].title : "",
    });
  }

  // --- the GPU, and losing it ------------------------------------------------------------------

  restored() {
    if (!this.renderer) return this.giveUp();
    if (this.scene) this.renderer.load(this.scene.bitmap);
    return this.ask();
  }

  giveUp(error) {
    if (this.closed) return;
    if (error) console.error("attnviz eye:", error);
    this.tellState("webgl", false);
  }

  close() {
    this.walk.pause();
    this.closed = true;
    cancelAnimationFrame(this.frame);
    this.showing.close();
    release(this.scene);
    this.scene = this.loading = null;
    this.resized.disconnect();
    loseContext(this.renderer?.gl);
  }
}
