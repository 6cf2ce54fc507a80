// A round's rules, a replay, and the page's parts as far as the modules use them.

import { readFileSync } from "node:fs";

import { packed } from "../base/blobs.js";
import { make } from "../base/fakes.js";
import { parsed } from "../base/html.js";

export const HOSTILE = `<img src=x onerror="alert(1)">`;
export const RULES = {
  id: "one", size: [100, 200], radius: 10, feather: 2, most: 3, seconds: null, least: 2, asks: true,
  task: "Look", rule: "Three clicks.", keys: "Keys.", over: "Over.", few: "Too few.",
};
export const SIDES = [
  { title: "You", colour: "#111", places: [[0.5, 0.5], [0.1, 0.2]], probability: [0.1, 0.25, 0.5] },
  { title: HOSTILE, colour: "#222", places: [[0.3, 0.4]], probability: [0.1, 0.875] },
];
export const REPLAY = {
  id: "r", size: [100, 200], radius: 10, feather: 2, label: HOSTILE, map: "On the map", sides: SIDES,
};

/** A canvas that writes down what is done to it. */
export function canvas() {
  const node = make("canvas");
  node.done = [];
  const context = { globalCompositeOperation: "source-over" };
  const names = ["drawImage", "fillRect", "beginPath", "arc", "stroke", "strokeText", "fillText"];
  for (const name of names) context[name] = (...given) => node.done.push([name, ...given]);
  context.createRadialGradient = (...given) => {
    node.done.push(["gradient", ...given]);
    return { addColorStop: () => {} };
  };
  node.getContext = () => context;
  return node;
}

/** The HTML of a component as elements. */
export function component(name) {
  const html = readFileSync(
    new URL(`../../../../attnviz/ui/components/bubble_game/${name}.html`, import.meta.url), "utf8",
  );
  return parsed(html, (tag, given) => {
    const node = tag === "canvas" ? canvas() : make(tag);
    node.className = /class="([^"]*)"/.exec(given)?.[1] ?? "";
    node.hidden = / hidden/.test(given);
    node.disabled = / disabled/.test(given);
    return node;
  });
}

/** The blob of a header and of JPEGs with these bytes. */
export function blob(header, pictures) {
  const names = ["blurred", "sharp", "map"];
  return packed(header, Object.fromEntries(pictures.map((bytes, index) => [names[index], bytes])));
}
