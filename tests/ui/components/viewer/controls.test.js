import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { buildControls, surfaceTitle } from "../../../../attnviz/ui/components/viewer/js/controls.js";
import { MODES, SURFACES } from "../../../../attnviz/ui/components/base/js/view.js";
import { header, VIEW } from "../base/examples.js";
import { installPage, make } from "../base/fakes.js";

let root, messages, show;

beforeEach(() => {
  installPage();
  root = make(
    "div", {}, make("div.modes"), make("div.edges"), make("button.copy"), make("button.share"), make("small.edges-note"),
    make("div.sliders"), make("div.options"),
  );
  messages = [];
  show = buildControls(root, (changes, released) => messages.push([changes, released]));
  show(VIEW, header());
});

const input = (name, tag = "input") => root.querySelector(`.${name} ${tag}`);

test("every control of the lens and of the map is there once", () => {
  const names = [
    ...root.querySelector(".sliders").children,
    ...root.querySelector(".options").children,
  ].map((node) => node.className);
  assert.deepEqual(names, [
    "field radius",
    "field threshold",
    "field softness",
    "field scale",
    "field colours",
    "field opacity",
    "field aperture",
    "field highlights",
    "field left",
    "field right",
    "field blend check",
  ]);
});

test("a slider tells while it moves and when it is let go", () => {
  Object.assign(input("radius"), { value: "0.03" }).dispatch("input");
  input("radius").dispatch("change");
  assert.deepEqual(messages, [
    [{ radius: 0.03 }, false],
    [{ radius: 0.03 }, true],
  ]);
});

test("a slider shows its value, for eyes and for ears", () => {
  show({ ...VIEW, radius: 0.0305, highlights: 0, softness: 0.3 }, header());
  assert.equal(input("radius").value, 0.0305);
  assert.equal(input("radius", "b").textContent, "3.0 %");
  assert.equal(input("softness").ariaValueText, "0.30");
  assert.equal(input("highlights", "b").textContent, "off");
  show({ ...VIEW, highlights: 2.5 }, header());
  assert.equal(input("highlights", "b").textContent, "2.5");
  assert.deepEqual(
    [input("radius").min, input("radius").max, input("softness").min],
    [0, 0.06, 0.05],
  );
  assert.equal(input("radius").ariaLabel, "Radius");
});

test("a choice tells its value, and shows the view's", () => {
  Object.assign(input("aperture", "select"), { value: "hexagon" }).dispatch("change");
  assert.deepEqual(messages, [[{ aperture: "hexagon" }, true]]);
  show({ ...VIEW, left: "photo" }, header());
  assert.equal(input("left", "select").value, "photo");
});

const edges = () => root.querySelector(".edges");
const checked = (area) => area.children.map((button) => button.ariaChecked);

test("field or object is chosen below the picture, and the note says what it is", () => {
  assert.deepEqual(edges().children.map((button) => button.textContent), ["Field", "Object"]);
  assert.deepEqual(checked(edges()), ["true", "false"]);
  edges().children[1].dispatch("click");
  edges().dispatch("keydown", { key: "ArrowRight" });
  edges().children[0].dispatch("click");
  assert.deepEqual(messages, [[{ outline: true }, true], [{ outline: true }, true], [{ outline: false }, true]]);
  show({ ...VIEW, outline: true }, header());
  assert.deepEqual(checked(edges()), ["false", "true"]);
  assert.match(root.querySelector(".edges-note").textContent, /outline/);
});

test("no edges are offered where no focus is shown, or nobody would look for an object", () => {
  const offered = (view, more) => {
    show({ ...VIEW, ...view }, header(more));
    assert.equal(root.querySelector(".edges-note").hidden, edges().hidden);
    return !edges().hidden;
  };
  assert.equal(offered({ mode: "bokeh" }), true);
  assert.equal(offered({ mode: "heat" }), false);
  assert.equal(offered({ mode: "split", left: "photo", right: "heat" }), false);
  assert.equal(offered({ mode: "side", left: "photo", right: "bokeh" }), true);
  assert.equal(offered({ mode: "bokeh" }, { quiet: true }), false);
});

test("what has a name can be shared", () => {
  const button = root.querySelector(".share");
  assert.equal(button.hidden, true);
  show(VIEW, header({ name: "giraffe" }));
  assert.equal(button.hidden, false);
});

test("what can be chosen is what the view allows", () => {
  const values = (name) => input(name, "select").children.map((option) => option.value);
  assert.deepEqual(values("scale"), ["layer", "all-layers", "absolute"]);
  assert.deepEqual(values("left").sort(), [...SURFACES].sort());
  assert.deepEqual(values("right").sort(), [...SURFACES].sort());
  assert.deepEqual(values("aperture"), ["disc", "hexagon", "octagon"]);
});

test("an absolute scale is offered for shares alone", () => {
  const absolute = () => input("scale", "select").querySelector("[value=absolute]").disabled;
  assert.equal(absolute(), true);
  show(VIEW, header({ shares: true }));
  assert.equal(absolute(), false);
});

test("the check box tells and shows", () => {
  Object.assign(input("blend"), { checked: false }).dispatch("change");
  assert.deepEqual(messages, [[{ blend: false }, true]]);
  show({ ...VIEW, blend: true }, header());
  assert.equal(input("blend").checked, true);
});

const buttons = () => root.querySelector(".modes").children;

test("one mode is chosen, and only that one is in the tab order", () => {
  assert.deepEqual(
    buttons().map((button) => button.textContent),
    ["Side by side", "Focus", "Map", "Photo", "Split"],
  );
  show({ ...VIEW, mode: "heat" }, header());
  assert.deepEqual(
    buttons().map((button) => button.ariaChecked),
    ["false", "false", "true", "false", "false"],
  );
  assert.deepEqual(
    buttons().map((button) => button.tabIndex),
    [-1, -1, 0, -1, -1],
  );
});

test("each mode's button tells its mode", () => {
  buttons().forEach((button) => button.dispatch("click"));
  assert.deepEqual(
    messages,
    MODES.map((mode) => [{ mode }, true]),
  );
});

test("arrows go round through the modes and take the focus along", () => {
  const area = root.querySelector(".modes");
  const back = area.dispatch("keydown", { key: "ArrowLeft" });
  assert.deepEqual(messages.pop(), [{ mode: "split" }, true]);
  assert.equal(document.activeElement, buttons()[4]);
  assert.equal(back.defaultPrevented, true);
  area.dispatch("keydown", { key: "ArrowDown" });
  assert.deepEqual(messages.pop(), [{ mode: "bokeh" }, true]);
  assert.equal(area.dispatch("keydown", { key: "Tab" }).defaultPrevented, false);
  assert.deepEqual(messages, []);
});

test("surfaces are called by what they are; the map by what it shows", () => {
  assert.equal(surfaceTitle("heat", "Relevance for a church"), "Relevance for a church");
  assert.equal(surfaceTitle("bokeh", "Attention"), "Focus picture · attention field");
  assert.equal(surfaceTitle("bokeh", "Relevance for a church"), "Focus picture · relevance field");
  assert.equal(surfaceTitle("bokeh", "What <b>attention</b> is"), "Focus picture · field");
  assert.equal(surfaceTitle("bokeh", "Attention", true), "Focus picture · object");
  assert.equal(surfaceTitle("photo", "Attention"), "Photo");
});
