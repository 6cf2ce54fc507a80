// The viewer: one object for each place on a page, kept while Streamlit reruns the page's script.

import { buildControls } from "./controls.js";
import { buildStrip, markStrip, paintStrip } from "./filmstrip.js";
import { openContext } from "./gl.js";
import { layerKey, stageKey } from "./keyboard.js";
import { showLegend, showValue } from "./legend.js";
import { listen, listenToWipe } from "./pointer.js";
import { Player } from "./player.js";
import { unpack } from "./payload.js";
import { Renderer } from "./renderer.js";
import { Schedule } from "./schedule.js";
import { focusOfView, readScene } from "./scene.js";
import { arrange, devicePanes, label, mark, placeWipe } from "./stage.js";
import { changed, layerIndex, stepped } from "./view.js";
import { description } from "./words.js";
import { clamped, WHOLE } from "./zoom.js";

// A view is told to the server once the user has left the controls alone for a second.
const TELL_MS = 1000;
const SPEAK_MS = 400;
const GIVE_UP_MS = 4000;

const viewers = new WeakMap();

/** Streamlit calls this when the viewer appears, when its data change, and when the theme does. */
export function mount(component, assets) {
  const place = component.parentElement;
  let viewer = viewers.get(place);
  if (!viewer) {
    viewer = new Viewer(place.querySelector(".viewer"), assets);
    viewers.set(place, viewer);
  }
  viewer.receive(component);
  return () => {
    viewer.close();
    viewers.delete(place);
  };
}

const decodedTables = (colours) =>
  Object.fromEntries(
    Object.entries(colours).map(([name, text]) => [
      name,
      Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)),
    ]),
  );

class Viewer {
  constructor(root, assets) {
    const part = (selector) => root.querySelector(selector);
    this.root = root;
    this.parts = {
      stage: part(".stage"), canvas: part(".stage > canvas"), labels: part(".labels"),
      crosses: part(".crosses"), wipe: part(".wipe"), legend: part(".legend"),
      strip: part(".strip"), slider: part(".layer"), layerName: part(".position output"),
      play: part(".play"), speed: part(".speed select"), spoken: part(".spoken"),
      notice: part(".notice"), reset: part(".reset"),
    };
    this.assets = { shaders: assets.shaders, colours: decodedTables(assets.colours) };
    this.view = null;
    this.scene = null;
    this.zoom = WHOLE;
    this.position = 0;
    this.pointed = null;
    this.picked = null;
    this.arranged = { panes: [], height: 0, density: 1 };
    this.schedule = new Schedule(this);
    this.player = new Player(this);
    this.parts.canvas.viewer = this; // for tests, which look at the pixels
    this.listen();
    this.open();
  }

  get count() {
    return this.scene ? this.scene.header.layers.length : 0;
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
    if (!this.gl) {
      this.giveUp();
      return;
    }
    if (!(data instanceof Uint8Array)) return;
    const { header } = unpack(data);
    const fresh = header.viewId !== this.viewId;
    if (fresh) {
      this.viewId = header.viewId;
      this.view = changed(header.view, {});
      this.zoom = WHOLE;
    }
    if (this.scene?.header.id === header.id) {
      this.wanted = header.id; // another picture that is still on its way has been taken back
      if (fresh) this.position = layerIndex(this.view, header.layers);
      this.refresh();
    } else if (this.wanted !== header.id) this.load(data.slice(), header.id);
  }

  async load(bytes, id) {
    this.wanted = id;
    try {
      const scene = await readScene(bytes);
      if (this.wanted !== id) return; // a newer picture has arrived meanwhile
      this.picked = null;
      this.adopt(scene);
    } catch (error) {
      if (this.wanted !== id) return;
      this.wanted = null; // so that it can be tried again
      this.say(`This picture could not be drawn: ${error.message}`);
    }
  }

  adopt(scene) {
    const kept = this.scene && this.scene.header.photo.width === scene.header.photo.width;
    if (!kept) this.zoom = WHOLE;
    this.scene = scene;
    this.say("");
    this.position = layerIndex(this.view, scene.header.layers);
    this.renderer.load(scene);
    buildStrip(this.parts.strip, scene, (index) => this.goTo(index));
    this.parts.slider.max = this.count - 1;
    this.refresh();
  }

  // --- what the user does ----------------------------------------------------------------------

  listen() {
    const { canvas, slider, wipe, play, speed, reset, stage, strip } = this.parts;
    const handled = (key) => (event) => key(event, this) && event.preventDefault();
    listen(canvas, this);
    canvas.onkeydown = handled(stageKey);
    slider.onkeydown = handled(layerKey);
    strip.onkeydown = (event) => {
      if (!layerKey(event, this)) return;
      event.preventDefault();
      strip.children[this.index]?.focus();
    };
    slider.oninput = () => this.moveTo(Number(slider.value));
    slider.onchange = () => this.goTo(Math.round(this.position));
    slider.onwheel = (event) => {
      event.preventDefault();
      this.step(Math.sign(event.deltaY));
    };
    listenToWipe(wipe, () => this.panes()[0], (wipeAt, done) => this.change({ wipe: wipeAt }, done));
    this.root.querySelector(".back").onclick = () => this.step(-1);
    this.root.querySelector(".on").onclick = () => this.step(1);
    play.onclick = () => this.togglePlay();
    speed.onchange = () => this.change({ speed: Number(speed.value) }, true);
    reset.onclick = () => this.setZoom(WHOLE);
    this.setControls = buildControls(this.root, (changes, done) => this.change(changes, done));
    this.resized = new ResizeObserver(() => this.scene && this.refresh());
    this.resized.observe(stage);
  }

  change(changes, released) {
    if (!this.view) return;
    const outlineWanted = changes.outline && !this.scene?.mattes;
    this.view = changed(this.view, changes);
    if (outlineWanted) this.say("Finding the object in every layer …");
    if (released) this.tellSoon(outlineWanted ? 0 : TELL_MS);
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
    this.tellSoon(TELL_MS);
  }

  moveTo(position) {
    if (!this.scene) return;
    this.position = position;
    this.view = { ...this.view, layer: this.scene.header.layers[this.index].name };
    this.refresh();
  }

  togglePlay() {
    this.player.toggle();
    if (!this.player.isPlaying) this.goTo(this.index);
  }

  playing(now) {
    this.parts.play.textContent = now ? "Pause" : "Play";
    this.parts.play.ariaPressed = String(now);
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

  pick(point) {
    if (!this.scene) return;
    this.picked = point;
    this.showMarks();
    this.tellTrigger("picked", { ...point, layer: this.scene.header.layers[this.index].name });
  }

  // --- what is shown ---------------------------------------------------------------------------

  /** Bring everything in line with the view, and draw. */
  refresh() {
    if (!this.scene || !this.renderer) return;
    const { stage, canvas, labels, wipe, slider, layerName, reset, speed, strip, legend } = this.parts;
    const { header } = this.scene;
    const table = this.assets.colours[this.view.colours];
    this.arranged = arrange(stage, canvas, header.photo, this.view);
    stage.classList.toggle("zoomed", this.zoom.scale > 1);
    reset.hidden = this.zoom.scale <= 1;
    label(labels, this.panes(), this.view, header.title);
    placeWipe(wipe, this.panes()[0], this.view);
    slider.step = this.view.blend ? 0.02 : 1;
    slider.value = this.position;
    slider.ariaValueText = header.layers[this.index].name;
    layerName.textContent = `${header.layers[this.index].name} · ${this.index + 1} of ${this.count}`;
    speed.value = String(this.view.speed);
    this.setControls(this.view, header);
    const painted = `${header.id} ${this.view.colours} ${this.view.scale}`;
    if (this.painted !== painted) paintStrip(strip, this.scene, this.view, table);
    this.painted = painted;
    markStrip(strip, this.index);
    showLegend(legend, this.scene, this.index, this.view, table);
    this.showMarks();
    this.speakSoon();
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

  speakSoon() {
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      const { title, layers } = this.scene.header;
      const { name, flat } = layers[this.index];
      const facts = focusOfView(this.scene, this.index, this.view);
      const text = description({ title, layer: name, index: this.index, count: this.count, flat, ...facts });
      this.parts.canvas.ariaLabel = text;
      if (!this.player.isPlaying) this.parts.spoken.textContent = text;
    }, SPEAK_MS);
  }

  say(text) {
    this.parts.notice.hidden = !text;
    this.parts.notice.textContent = text;
  }

  // --- what the server is told -----------------------------------------------------------------

  tellSoon(after) {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tellState("view", { ...this.view, viewId: this.viewId }), after);
  }

  // --- the GPU, and losing it ------------------------------------------------------------------

  open() {
    const { canvas } = this.parts;
    this.gl = openContext(canvas);
    if (!this.gl) return;
    this.renderer = new Renderer(this.gl, this.assets);
    canvas.addEventListener("webglcontextlost", (event) => {
      if (this.closed) return; // it was given back, and the server must not hear of a loss
      event.preventDefault();
      this.schedule.stop();
      canvas.dataset.lost = "1";
      this.lost = setTimeout(() => this.giveUp(), GIVE_UP_MS);
    });
    canvas.addEventListener("webglcontextrestored", () => {
      clearTimeout(this.lost);
      delete canvas.dataset.lost;
      this.renderer = new Renderer(this.gl, this.assets);
      if (this.scene) this.renderer.load(this.scene);
      this.refresh();
    });
  }

  giveUp() {
    this.say("This browser cannot draw with WebGL2: the pictures come from the server instead.");
    for (const part of this.root.children) part.hidden = part !== this.parts.notice;
    this.tellState("webgl", false);
  }

  close() {
    this.closed = true;
    this.scene = this.wanted = null; // a click or a picture still on its way comes to nothing
    this.player.stop();
    this.schedule.stop();
    this.resized.disconnect();
    for (const timer of [this.telling, this.speaking, this.lost]) clearTimeout(timer);
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
