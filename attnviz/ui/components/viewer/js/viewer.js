// The viewer itself: what is shown, what the user does, and what the server is told.

import { unpack } from "../../base/js/blob.js";
import { openRenderer } from "../../base/js/context.js";
import { loseContext } from "../../base/js/gl.js";
import { LastPhoto } from "../../base/js/photo.js";
import { Player } from "../../base/js/player.js";
import { Renderer } from "../../base/js/renderer.js";
import { readScene } from "../../base/js/scene.js";
import { Schedule } from "../../base/js/schedule.js";
import { decodedTables } from "../../base/js/tables.js";
import { ViewReporter } from "../../base/js/view_reporter.js";
import { changed, layerIndex, stepped } from "../../base/js/view.js";
import { clamped, toPane, WHOLE } from "../../base/js/zoom.js";
import { Announcer } from "./announcer.js";
import { Clock } from "./clock.js";
import { buildStrip, markStrip, paintStrip } from "./filmstrip.js";
import { showLegend, showValue } from "./legend.js";
import { attachEvents } from "./events.js";
import { Film } from "./film.js";
import { partsOf } from "./parts.js";
import { arrange, devicePanes, label, mark, placeWipe } from "./stage.js";
import { showSteps } from "./steps.js";

const ASK_MS = 500;

/** One viewer in one place on a page. */
export class Viewer {
  /** @type {Renderer | null} */
  renderer;
  /** @type {(view: import("../../base/js/view.js").View, header: any) => void} */
  setControls;
  /** @type {() => void} */
  fold;

  constructor(root, assets) {
    this.root = root;
    this.parts = partsOf(root);
    this.assets = { shaders: assets.shaders, colours: decodedTables(assets.colours) };
    this.view = null;
    this.scene = null;
    this.photo = new LastPhoto();
    this.zoom = WHOLE;
    this.position = 0;
    this.pointed = null;
    this.picked = null;
    this.arranged = { panes: [], height: 0, density: 1 };
    this.closed = false;
    this.schedule = new Schedule(this);
    this.reporter = new ViewReporter(this);
    this.player = new Player(this);
    this.clock = new Clock(this);
    this.film = new Film(this);
    this.announcer = new Announcer(this);
    this.parts.canvas.viewer = this; // for tests, which look at the pixels
    this.detach = attachEvents(this);
    openRenderer(this.parts.canvas, this);
  }

  get count() {
    return this.scene?.header.layers.length ?? 0;
  }

  get index() {
    return Math.round(this.position);
  }

  panes() {
    return this.arranged.panes;
  }

  // --- what the server sends -------------------------------------------------------------------

  receive({ data, setStateValue, setTriggerValue }) {
    this.tellState = setStateValue;
    this.tellTrigger = setTriggerValue;
    if (!this.renderer) {
      this.giveUp();
      return;
    }
    if (!(data instanceof Uint8Array)) return;
    clearTimeout(this.asking); // whatever was lacking, this is what is wanted now
    const { header } = unpack(data);
    const fresh = header.viewId !== this.viewId;
    if (fresh) this.begin(header);
    if (this.scene?.header.id === header.id) {
      this.loading = header.id; // another picture that is still on its way has been taken back
      if (fresh) this.position = layerIndex(this.view, header.layers);
      this.refresh();
    } else if (this.loading !== header.id) {
      this.load(data.slice(), header.id);
    }
  }

  /** Take the server's view over. */
  begin(header) {
    this.player.stop();
    this.viewId = header.viewId;
    this.view = changed(this.reporter.begin(header.viewId, header.view, header.quiet), {});
    if (header.photo.id !== this.scene?.header.photo.id) this.zoom = WHOLE;
  }

  async load(bytes, id) {
    this.loading = id;
    try {
      const scene = await readScene(bytes, this.photo);
      if (this.loading !== id || this.closed) return;
      if (scene) this.adopt(scene);
      else this.askForPhoto(id);
    } catch (error) {
      if (this.loading === id && !this.closed) this.giveUp(error);
    }
  }

  /**
   * The server took the photo for known, but its message was lost, or the viewer is a new one.
   *
   * Asked after a while: with each message go the values of all controls of the page, and those
   * that came together with the maps have first to reach theirs, or the old ones would be told.
   */
  askForPhoto(id) {
    this.loading = null;
    this.asking = setTimeout(() => this.tellTrigger("lacking", id), ASK_MS);
  }

  adopt(scene) {
    const before = this.scene;
    if (before?.header.photo.width !== scene.header.photo.width) this.zoom = WHOLE;
    this.scene = scene;
    this.picked = scene.header.point ?? null;
    this.painted = "";
    this.say("");
    this.position = layerIndex(this.view, scene.header.layers);
    this.renderer.load(scene);
    if (before?.bitmap !== scene.bitmap) before?.bitmap.close();
    buildStrip(this.parts.strip, scene, (index) => this.goTo(index));
    this.parts.slider.max = this.count - 1;
    if (!before) this.fold();
    this.refresh();
  }

  // --- what the user does ----------------------------------------------------------------------

  change(changes, released) {
    if (!this.view) return;
    const outlineWanted = changes.outline && !this.scene?.mattes;
    if (outlineWanted && this.player.isPlaying) this.togglePlay(); // or nobody would be asked
    this.view = changed(this.view, changes);
    if (outlineWanted) this.say("Finding the object in every layer …");
    else if (changes.outline === false) this.say("");
    if (released) this.reporter.soon(outlineWanted ? 0 : undefined);
    this.refresh();
  }

  step(by) {
    if (!this.scene) return;
    this.goTo(stepped(this.position, by, this.count));
  }

  goTo(index) {
    if (!this.scene) return;
    this.player.stop();
    this.moveTo(Math.min(Math.max(index, 0), this.count - 1));
    this.reporter.soon();
  }

  moveTo(position) {
    if (!this.scene) return;
    this.position = position;
    this.view = { ...this.view, layer: this.scene.header.layers[this.index].name };
    this.refresh();
  }

  /** Stand where another part of the page stands in time. */
  followTo(index) {
    this.player.stop();
    this.moveTo(index);
  }

  togglePlay() {
    this.player.toggle();
    if (!this.player.isPlaying) this.goTo(this.index);
  }

  playing(now) {
    this.parts.play.textContent = now ? "Pause" : "Play";
  }

  setZoom(zoom) {
    this.zoom = clamped(zoom);
    this.refresh();
  }

  hover(point) {
    this.pointed = point && point.x >= 0 && point.y >= 0 && point.x <= 1 && point.y <= 1 ? point : null;
    if (!this.scene) return;
    this.showMarks();
  }

  /** Point with the keyboard: the picture follows where it is zoomed, and the value is spoken. */
  pointTo(point) {
    const { u, v } = toPane(this.zoom, point.x, point.y);
    if (u < 0 || v < 0 || u > 1 || v > 1) this.setZoom({ ...this.zoom, ...point });
    this.hover(point);
    if (this.scene) this.announcer.point(point);
  }

  pick(point, index = this.index) {
    const layer = this.scene?.header.layers[index];
    if (!layer) return; // the picture that was clicked has gone meanwhile
    this.picked = point;
    this.showMarks();
    this.reporter.now();
    this.tellTrigger("picked", { ...point, layer: layer.name });
  }

  // --- what is shown ---------------------------------------------------------------------------

  /** Bring everything in line with the view, and draw. */
  refresh() {
    if (!this.scene || !this.renderer) return;
    const { stage, canvas, labels, wipe, reset, strip, legend } = this.parts;
    const { header } = this.scene;
    const table = this.assets.colours[this.view.colours];
    this.arranged = arrange(stage, canvas, header.photo, this.view);
    stage.classList.toggle("zoomed", this.zoom.scale > 1);
    reset.hidden = this.zoom.scale <= 1;
    label(labels, this.panes(), this.view, header.layers[this.index].title || header.title);
    placeWipe(wipe, this.panes()[0], this.view);
    showSteps(this.parts, this);
    this.setControls(this.view, header);
    const painted = `${header.id} ${this.view.colours} ${this.view.scale}`;
    if (this.painted !== painted) paintStrip(strip, this.scene, this.view, table);
    this.painted = painted;
    markStrip(strip, this.index);
    showLegend(legend, this.scene, this.index, this.view, table);
    this.showMarks();
    this.clock.tell();
    this.announcer.soon();
    this.film.show(this.index);
    this.schedule.ask();
  }

  showMarks() {
    const { crosses, legend } = this.parts;
    mark(crosses, this.panes(), this.zoom, this.pointed, this.picked);
    showValue(legend, this.scene, this.index, this.view, this.pointed);
  }

  draw() {
    const { canvas } = this.parts;
    this.renderer.draw(this.view, this.position, this.zoom, devicePanes(this.arranged), canvas);
    canvas.dataset.layer = this.scene.header.layers[this.index].name;
  }

  say(text) {
    this.parts.notice.hidden = !text;
    this.parts.notice.textContent = text;
  }

  // --- the GPU, and losing it ------------------------------------------------------------------

  makeRenderer(gl) {
    return new Renderer(gl, this.assets);
  }

  restored() {
    if (!this.renderer) {
      this.giveUp();
      return;
    }
    if (this.scene) this.renderer.load(this.scene);
    this.refresh();
  }

  giveUp(error) {
    if (this.closed) return;
    if (error) console.error("attnviz viewer:", error);
    this.say("This browser cannot draw with WebGL2: the pictures come from the server instead.");
    for (const part of this.root.children) part.hidden = part !== this.parts.notice;
    this.tellState("webgl", false);
  }

  close() {
    this.player.stop();
    this.reporter.now();
    this.closed = true;
    this.scene?.bitmap.close();
    this.scene = this.loading = null; // a click or a picture still on its way comes to nothing
    this.detach();
    this.schedule.stop();
    this.reporter.stop();
    this.clock.stop();
    this.announcer.stop();
    clearTimeout(this.asking);
    loseContext(this.renderer?.gl);
  }
}
