// The viewer's HTML as far as its modules look at it, and its assets.

import { table } from "./examples.js";
import { shaders } from "./fake_gl.js";
import { make } from "./fakes.js";

const colours = Buffer.from(table()).toString("base64");

export const ASSETS = { shaders: shaders(), colours: { inferno: colours, magma: colours } };

/** The page's HTML, as far as the modules look at it. */
export function page(canvas) {
  const parts = [
    make("div.bar", {}, make("div.modes"), make("button.reset", { hidden: true })),
    make(
      "div.stage",
      { clientWidth: 808 },
      canvas,
      make("div.labels"),
      make("div.crosses"),
      make("div.wipe"),
    ),
    make("p.notice", { hidden: true }),
    make(
      "div.legend",
      {},
      make("span.low"),
      make("span.ramp", {}, make("canvas"), make("i")),
      make("span.high"),
      make("output.here"),
      make("em.note"),
    ),
    make(
      "div.layers",
      {},
      make("button.back"),
      make("label.position", {}, make("output"), make("input.layer")),
      make("button.on"),
      make("button.play", { textContent: "Play" }),
      make("label.speed", {}, make("select")),
    ),
    make("div.strip"),
    make("div.sliders"),
    make("details.more", {}, make("div.options")),
    make("p.spoken"),
  ];
  return make("div.root", {}, make("div.viewer", {}, ...parts));
}
