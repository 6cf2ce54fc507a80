// One round on its page: the person looks, opens bubbles, and says when they are done.

import { unpack } from "../../base/js/blob.js";
import { decoded } from "../../base/js/pictures.js";
import { Painter } from "./painter.js";
import { Round } from "./round.js";
import { clock, counted, opened, pointed } from "./words.js";

const TICK = 200;
const STEP = 0.02;
const FAR = 4; // times as far with Shift
const LAST = 5; // seconds that are shown as the last ones
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const within = (share) => Math.min(Math.max(share, 0), 0.9999);

export class Player {
  constructor(root) {
    this.root = root;
    this.part = (selector) => root.querySelector(selector);
    this.stage = this.part(".stage");
    this.events = new AbortController();
    const on = (node, type, call) =>
      node.addEventListener(type, call, { signal: this.events.signal });
    on(this.part(".stage canvas"), "click", (event) => this.point(event));
    on(this.stage, "keydown", (event) => this.press(event));
    on(this.part(".start"), "click", () => this.start());
    on(this.part(".restart"), "click", () => this.restart());
    on(this.part(".finish"), "click", () => this.finish());
    on(this.part(".done"), "click", () => this.done());
    on(this.part(".answer"), "keydown", (event) => event.key === "Enter" && this.done());
  }

  async receive({ data, setTriggerValue }) {
    this.tell = setTriggerValue;
    const { header, array } = unpack(data);
    if (this.id === header.id) return;
    this.id = header.id;
    this.announce(header);
    const bitmaps = await Promise.all(["blurred", "sharp"].map((name) => decoded(array(name).data)));
    if (this.id === header.id) this.ready(bitmaps);
  }

  /** What is to be played, before its pictures are there: nothing can be clicked yet. */
  announce(header) {
    this.header = header;
    this.bitmaps = null;
    this.round = new Round(header);
    this.cursor = [0.5, 0.5];
    const [height, width] = header.size;
    this.root.style.setProperty("--shape", String(width / height));
    this.root.style.setProperty("--radius", String((100 * header.radius) / width));
    this.part(".task").textContent = header.task;
    this.part(".rule").textContent = header.rule;
    this.part(".question").hidden = !header.asks;
    this.part(".answer").value = "";
    this.stage.setAttribute("aria-label", `${header.task}. ${header.keys}`);
    const start = this.part(".start");
    [start.disabled, start.textContent] = [true, "Loading …"];
    this.refresh();
  }

  /** The pictures, blurred and sharp. */
  ready(pictures) {
    const [soft, sharp] = pictures;
    this.bitmaps = { soft, sharp };
    this.painter = new Painter(this.part(".stage canvas"), this.header);
    this.painter.show(soft, sharp, []);
    const start = this.part(".start");
    [start.disabled, start.textContent] = [false, "Start"];
  }

  start() {
    if (!this.bitmaps) return;
    this.round.start(performance.now());
    this.stage.focus({ preventScroll: true });
    this.say(this.header.keys);
    this.tick();
  }

  restart() {
    this.round = new Round(this.header);
    this.cursor = [0.5, 0.5];
    this.part(".cursor").hidden = true;
    this.painter.show(this.bitmaps.soft, this.bitmaps.sharp, []);
    this.start();
  }

  finish() {
    this.round.end(performance.now());
    this.refresh();
  }

  /** The one message of a round. */
  done() {
    if (this.round.ended === null || this.sent) return;
    this.sent = true;
    const answer = this.header.asks ? this.part(".answer").value : "";
    this.part(".done").disabled = true;
    this.tell("round", this.round.report(performance.now(), answer));
  }

  point(event) {
    const { left, top, width, height } = this.part(".stage canvas").getBoundingClientRect();
    this.part(".cursor").hidden = true;
    this.open([(event.clientY - top) / height, (event.clientX - left) / width]);
  }

  press(event) {
    if (!this.round.running || event.ctrlKey || event.altKey || event.metaKey) return;
    const by = ARROWS[event.key];
    if (by) {
      const far = STEP * (event.shiftKey ? FAR : 1);
      const [height, width] = this.header.size;
      const [y, x] = this.cursor;
      this.cursor = [within(y + (by[0] * far * width) / height), within(x + by[1] * far)];
      this.showCursor();
      this.say(pointed(this.cursor));
    } else if (event.key === "Enter" || event.key === " ") {
      if (event.repeat) return;
      this.showCursor();
      this.open(this.cursor);
    } else {
      return;
    }
    event.preventDefault();
  }

  showCursor() {
    const cursor = this.part(".cursor");
    cursor.hidden = false;
    [cursor.style.top, cursor.style.left] = this.cursor.map((share) => `${100 * share}%`);
  }

  open(place) {
    if (!this.round.open(...place, performance.now())) return;
    this.cursor = place;
    this.painter.show(this.bitmaps.soft, this.bitmaps.sharp, [place]);
    this.say(opened(this.round.clicks.length, place));
    this.refresh();
  }

  tick() {
    clearTimeout(this.timer);
    this.refresh();
    if (this.round.running) this.timer = setTimeout(() => this.tick(), TICK);
  }

  /** Bring the page in line with the round. */
  refresh() {
    const { round, header } = this;
    const now = performance.now();
    const over = round.over(now);
    const limited = header.seconds === null;
    const seconds = round.seconds(over ? round.begun + round.ended : now);
    this.part(".count").textContent = counted(round.clicks.length, header.most, limited);
    this.part(".clock").textContent = clock(seconds, !limited);
    this.part(".clock").classList.toggle("last", round.running && !limited && seconds <= LAST);
    this.part(".cover").hidden = round.begun !== null;
    this.part(".restart").hidden = round.begun === null;
    this.part(".finish").hidden = !round.running || round.clicks.length < header.least;
    this.stage.classList.toggle("on", round.running);
    this.stage.tabIndex = round.running ? 0 : -1;
    if (this.part(".end").hidden === over) this.turn(over);
  }

  /** Show, or hide, what stands at the end of a round. */
  turn(over) {
    this.part(".end").hidden = !over;
    this.part(".done").disabled = this.sent = false;
    if (!over) return;
    const { clicks } = this.round;
    const few = clicks.length < this.header.least;
    const text = few ? this.header.few : this.header.over;
    this.part(".over").textContent = text;
    this.part(".done").hidden = few;
    this.part(".question").hidden = few || !this.header.asks;
    this.part(".cursor").hidden = true;
    if (this.header.seconds !== null) {
      this.painter.show(this.bitmaps.soft, this.bitmaps.sharp, []); // time is up: nothing more to see
    }
    this.say(text);
    // Not on the button itself: the key that opened the last bubble may still be held down.
    this.part(".end").focus();
  }

  say(text) {
    this.part(".sentence").textContent = text;
  }

  close() {
    this.id = null; // pictures that are still being decoded come to nothing
    clearTimeout(this.timer);
    this.events.abort();
  }
}
