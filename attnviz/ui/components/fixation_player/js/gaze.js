// The picture with those who looked at it: whom to show, what, and the time, all without the server.

import { unpack } from "../../base/js/blob.js";
import { pictureUrl } from "../../base/js/pictures.js";
import { paint } from "./marks.js";
import { duration, timeText } from "./path.js";

const EVERYONE = -1;
const WHOLE = 1000; // steps of the time's slider

export class Gaze {
  constructor(root) {
    this.root = root;
    this.part = (selector) => root.querySelector(selector);
    this.marks = this.part(".marks");
    this.events = new AbortController();
    const on = (name, type, call) =>
      this.part(name).addEventListener(type, call, { signal: this.events.signal });
    on(".who", "change", () => this.choose(Number(this.part(".who").value)));
    on(".play", "click", () => (this.frame ? this.stop() : this.play()));
    on(".time", "input", () => this.scrub(Number(this.part(".time").value) / WHOLE));
    for (const name of [".dots", ".dense"]) on(name, "change", () => this.draw());
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.marks);
    this.who = EVERYONE;
  }

  /** Show a picture; the chosen viewer stays chosen where the picture has one of that number. */
  receive({ data }) {
    const { header, array } = unpack(data);
    if (this.header?.id === header.id) return;
    this.release();
    this.stop();
    this.header = header;
    this.urls = [
      pictureUrl(array("photo").data), pictureUrl(array("density").data, "image/png"),
    ];
    [this.part(".photo").src, this.part(".density").src] = this.urls;
    const [height, width] = header.size;
    Object.assign(this.part(".stage").style, {
      aspectRatio: `${width} / ${height}`, maxWidth: `calc(78vh * ${width / height})`,
    });
    this.part(".photo").alt = header.name;
    const { viewers } = header;
    const option = (value, text) =>
      Object.assign(document.createElement("option"), { value: String(value), textContent: text });
    this.part(".who").replaceChildren(
      option(EVERYONE, viewers.length > 1 ? `All ${viewers.length} viewers` : "The only viewer"),
      ...viewers.map((one, index) => option(index, `Viewer ${index + 1}, ${one.x.length} fixation${one.x.length === 1 ? "" : "s"}`)),
    );
    this.part(".note").textContent = header.note;
    this.choose(this.who < viewers.length ? this.who : EVERYONE);
  }

  get chosen() {
    const { viewers } = this.header;
    return this.who === EVERYONE ? viewers.map((_, index) => index) : [this.who];
  }

  get viewers() {
    return this.chosen.map((index) => this.header.viewers[index]);
  }

  choose(who) {
    this.who = who;
    this.part(".who").value = String(who);
    this.stop();
    this.time = duration(this.viewers);
    this.draw();
  }

  scrub(share) {
    this.stop();
    this.time = share * duration(this.viewers);
    this.draw();
  }

  play() {
    if (this.time >= duration(this.viewers)) this.time = 0;
    let before = performance.now();
    const step = (now) => {
      this.time += Math.max(0, now - before);
      before = now;
      if (this.time >= duration(this.viewers)) {
        this.time = duration(this.viewers);
        this.stop();
      } else this.frame = requestAnimationFrame(step);
      this.draw();
    };
    this.frame = requestAnimationFrame(step);
    this.part(".play").textContent = "⏸ Pause";
  }

  stop() {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.part(".play").textContent = "▶ Play";
  }

  draw() {
    const { clientWidth, clientHeight } = this.marks;
    if (!this.header) return;
    const whole = duration(this.viewers);
    const text = timeText(this.viewers, this.who, this.time);
    this.part(".time").value = String(Math.round((WHOLE * this.time) / (whole || 1)));
    this.part(".time").setAttribute("aria-valuetext", text);
    this.part(".clock").textContent = text;
    this.part(".density").hidden = !this.part(".dense").checked;
    this.marks.hidden = !this.part(".dots").checked;
    this.root.dataset.time = String(Math.round(this.time));
    if (!clientWidth || this.marks.hidden) return;
    const density = window.devicePixelRatio || 1;
    this.marks.width = Math.round(clientWidth * density);
    this.marks.height = Math.round(clientHeight * density);
    const width = this.header.size[1];
    const place = { width, scale: this.marks.width / width, density };
    paint(this.marks.getContext("2d"), place, this.header.viewers, this.chosen, this.time);
  }

  release() {
    for (const url of this.urls ?? []) URL.revokeObjectURL(url);
    this.urls = [];
  }

  close() {
    this.stop();
    this.release();
    this.events.abort();
    this.resized.disconnect();
  }
}
