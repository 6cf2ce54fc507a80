// The viewer's own HTML as elements, its assets, and what Streamlit does with both.

import { readFileSync } from "node:fs";

import { mount } from "../../../../attnviz/ui/components/viewer/js/main.js";
import { payload, table } from "./examples.js";
import { FakeGl, shaders } from "./fake_gl.js";
import { installPage, make, until } from "./fakes.js";
import { parsed } from "./html.js";

const HTML = readFileSync(
  new URL("../../../../attnviz/ui/components/viewer/viewer.html", import.meta.url),
  "utf8",
);
const colours = Buffer.from(table()).toString("base64");

export const ASSETS = { shaders: shaders(), colours: { inferno: colours, magma: colours } };

const property = (attribute) =>
  attribute.replace("tabindex", "tabIndex").replace(/-(\w)/, (_, sign) => sign.toUpperCase());

/** The place in which a viewer on this canvas stands. */
export function page(canvas) {
  const place = parsed(HTML, (tag, given, parent) => {
    const stage = tag === "canvas" && parent.classList.contains("stage");
    const node = stage ? canvas : make(tag);
    for (const [, name, value = true] of given.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
      node[name === "class" ? "className" : property(name)] = value;
    }
    return node;
  });
  place.querySelector(".stage").clientWidth = 808;
  return place;
}

/** A bitmap that knows whether it was given back. */
export const bitmap = () => ({
  width: 512,
  height: 384,
  closed: false,
  close() {
    this.closed = true;
  },
});

let pages = 0;

/**
 * A page ready for a viewer, whose views have an id of their own: the clock, the parts, and what a
 * server would hear (`messages`, pairs of a name and a value).
 */
export function openPage() {
  const { clock, motion, phone } = installPage();
  globalThis.createImageBitmap = async () => bitmap();
  const viewId = `net|${++pages}`;
  const messages = [];
  const made = {
    clock,
    motion,
    phone,
    messages,
    viewId,
    part: (selector) => made.place.querySelector(selector),
    named: (name) => messages.filter(([one]) => one === name).map(([, value]) => value),
    key: (pressed, more = {}) => made.canvas.dispatch("keydown", { key: pressed, ...more }),
    /** A payload of this page's view. */
    sent: (changes = {}) => payload({ viewId, ...changes }),
    receive: (data) =>
      mount(
        {
          parentElement: made.place,
          data,
          setStateValue: (name, value) => messages.push([name, value]),
          setTriggerValue: (name, value) => messages.push([name, value]),
        },
        ASSETS,
      ),
    /** Send a picture and wait until it is drawn; returns the clean-up. */
    shown: async (changes = {}) => {
      const unmount = made.receive(made.sent(changes));
      await until(() => made.canvas.viewer.scene?.header.id === (changes.id ?? "one"));
      clock.frame();
      return unmount;
    },
    /** Put an untouched place and canvas there, as Streamlit does when the page comes back. */
    renew: () => {
      made.gl = new FakeGl();
      made.canvas = make("canvas", { gl: made.gl });
      made.gl.canvas = made.canvas;
      made.place = page(made.canvas);
    },
  };
  made.renew();
  return made;
}
