// Everything around the drawn picture that shows where the eye looks: rings, retina, section, words.

import { degrees, landing, perDegreeOnScreen } from "./geometry.js";
import { cross, rings, stopMarks } from "./marks.js";
import { lookup, projected, retinaMarks, SIDE } from "./retina.js";
import { coarserThan, facts, sizeNote } from "./sentences.js";
import { rowColours } from "./scene.js";
import { pictureAt, section, VIEW_BOX } from "./section.js";
import { put } from "./svg.js";

const MOST_PIXELS = 3e6;
const STRIPS = 36;
const SPEAK_MS = 500;

/** `host` is the eye. */
export class Showing {
  constructor(host) {
    this.host = host;
    this.part = host.part;
    this.fundus = this.part(".fundus canvas");
    this.fundus.width = this.fundus.height = SIDE;
    this.part(".fundus svg").setAttribute("viewBox", `0 0 ${SIDE} ${SIDE}`);
    this.part(".section").setAttribute("viewBox", VIEW_BOX.join(" "));
  }

  adopt(scene) {
    this.scene = scene;
    this.tableFor = 0;
  }

  /** Fit the canvas into the stage: {scale (CSS px for one of the photo's), perDegree, photoPerDegree, pxPerCm}. */
  arrange() {
    const { canvas, settings } = this.host;
    const { width, height } = this.scene;
    const room = Math.max(1, this.part(".stage").clientWidth);
    const tallest = Math.max(200, 0.62 * window.innerHeight);
    const scale = Math.min(room / width, tallest / height);
    const shown = { width: Math.max(1, width * scale), height: Math.max(1, height * scale) };
    const density = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (shown.width * shown.height)));
    for (const side of ["width", "height"]) {
      const size = Math.max(1, Math.round(shown[side] * density));
      if (canvas[side] !== size) canvas[side] = size;
      canvas.style[side] = `${shown[side]}px`;
      this.part(".marks").style[side] = `${shown[side]}px`;
    }
    const perDegree = perDegreeOnScreen(settings);
    return { scale, shown, perDegree, photoPerDegree: perDegree / scale, pxPerCm: settings.pxPerCm };
  }

  show(screen) {
    const { host, scene } = this;
    const { zones, disc } = scene.header;
    const { look, pointed, settings } = host;
    const at = pointed ?? look;
    const off = { below: (at.y - look.y) * scene.height, rightOf: (at.x - look.x) * scene.width };
    const place = landing(off.below, off.rightOf, screen.photoPerDegree);
    this.showMarks(screen);
    this.showRetina(place, screen);
    const angleAt = (share) =>
      Math.sign(share - look.x) * degrees(Math.abs(share - look.x) * scene.width, screen.photoPerDegree);
    put(this.part(".section"), section({
      zones, disc, angleAt, pointed: angleAt(at.x),
      x0: pictureAt(scene.width, screen.photoPerDegree),
      colours: rowColours(scene.small, at.y, STRIPS),
    }));
    this.showWords(place, screen, settings);
  }

  showMarks({ shown, perDegree }) {
    const { host, scene } = this;
    const { zones, disc } = scene.header;
    const onStage = ({ x, y, ...rest }) => ({ ...rest, x: x * shown.width, y: y * shown.height });
    const { look, pointed, added, settings, walk } = host;
    const gaze = onStage(look);
    this.part(".marks").setAttribute("viewBox", `0 0 ${shown.width} ${shown.height}`);
    put(this.part(".marks"), [
      ...(settings.rings ? rings({ gaze, zones, disc, perDegree }) : []),
      ...(walk.at >= 0 ? stopMarks(host.stops.slice(0, walk.at + 1).map(onStage), walk.at) : []),
      ...added.map((one) => cross(onStage(one), "added")),
      walk.at < 0 && cross(gaze, "gaze"),
      pointed && cross(onStage(pointed), "pointed"),
    ]);
    const tag = this.part(".tag");
    tag.hidden = false;
    tag.textContent = coarserThan(settings.coarser);
    this.part(".clear").hidden = !added.length;
    for (const button of this.host.root.querySelectorAll(".modes button")) {
      button.setAttribute("aria-checked", String(button.dataset.mode === host.mode));
    }
  }

  showRetina(place, { photoPerDegree }) {
    const { scene, host } = this;
    if (this.tableFor !== photoPerDegree) this.table = lookup(scene.place, photoPerDegree);
    this.tableFor = photoPerDegree;
    const gaze = { x: host.look.x * scene.width, y: host.look.y * scene.height };
    const codes = projected(scene.retina, this.table, scene.small, gaze);
    this.fundus.getContext("2d").putImageData(new ImageData(codes, SIDE, SIDE), 0, 0);
    put(this.part(".fundus svg"), retinaMarks(scene.place, scene.header.zones, place));
  }

  showWords(place, screen, settings) {
    const { host, scene } = this;
    const { header } = scene;
    const rows = facts(place, header, settings, screen);
    this.part(".where").textContent = host.pointed ? "Where you point" : "Where you look";
    this.part(".facts").replaceChildren(...rows.flatMap(([name, value]) => [
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    ]));
    const notice = host.refused || sizeNote(scene, header.zones, settings, screen.photoPerDegree);
    this.tell(".notice", notice);
    const path = header.paths[host.path];
    this.tell(".refused", path?.refused ?? "");
    const none = !host.stops.length;
    for (const name of [".play", ".back-one", ".on-one", ".count input"]) this.part(name).disabled = none;
    this.part(".count input").value = Math.max(1, host.count);
    this.part(".count b").textContent = String(host.count);
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      const text = `${header.title}. ${this.part(".where").textContent}: ${rows.map(([, value]) => value).join("; ")}.`;
      host.canvas.ariaLabel = text;
      if (!host.walk.isPlaying) this.part(".spoken").textContent = text;
    }, SPEAK_MS);
  }

  tell(selector, text) {
    this.part(selector).hidden = !text;
    this.part(selector).textContent = text;
  }

  close() {
    clearTimeout(this.speaking);
  }
}
