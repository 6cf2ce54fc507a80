// The controls below the stage. Each knows its name in the view; names of layers are only ever text.

import { surfaces } from "../../base/js/view.js";
import { canCopy } from "./share.js";

const LENS = [
  {
    name: "radius", title: "Radius", max: 0.06, step: 0.002,
    show: (value) => `${(100 * value).toFixed(1)} %`,
    help: "Largest blur disc, share of the diagonal",
  },
  {
    name: "threshold", title: "Threshold", max: 1, step: 0.05,
    show: (value) => value.toFixed(2),
    help: "Where on the colour scale the focus begins",
  },
  {
    name: "softness", title: "Softness", min: 0.05, max: 1, step: 0.05,
    show: (value) => value.toFixed(2),
    help: "How gradually sharp turns into soft",
  },
];

const SURFACE_TITLES = { bokeh: "Focus picture", heat: "Map", photo: "Photo" };

const OPTIONS = [
  {
    name: "scale", title: "Scale of the map",
    choices: { layer: "This layer", "all-layers": "All layers", absolute: "Absolute, 0 to 1" },
    help: "What the colours span. Layers can be compared on all but the first.",
  },
  {
    name: "colours", title: "Colours",
    choices: Object.fromEntries(
      ["viridis", "magma", "inferno", "plasma", "cividis"].map((name) => [name, name]),
    ),
  },
  { name: "opacity", title: "Strength of the colours", max: 1, step: 0.05, show: (v) => v.toFixed(2) },
  {
    name: "aperture", title: "Aperture",
    choices: { disc: "Disc", hexagon: "Hexagon", octagon: "Octagon" },
  },
  {
    name: "highlights", title: "Highlight bloom", max: 8, step: 0.5,
    show: (value) => (value ? value.toFixed(1) : "off"),
    help: "Gives clipped lights their power back. It invents light.",
  },
  { name: "left", title: "Left picture", choices: SURFACE_TITLES },
  { name: "right", title: "Right picture", choices: SURFACE_TITLES },
  { name: "blend", title: "Blend between layers", help: "Fade from one layer to the next." },
];

const MODE_TITLES = new Map([
  ["side", "Side by side"], ["bokeh", "Focus"], ["heat", "Map"], ["photo", "Photo"], ["split", "Split"],
]);

const EDGE_TITLES = new Map([[false, "Field"], [true, "Object"]]);
const EDGE_NOTES = {
  false: "The map itself: soft, without outlines.",
  true: "The outline nearest to the map, found in the picture.",
};

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** The name, next to what it is set to; ties an input to the view. */
function slider(spec, change) {
  const value = element("b");
  const input = element("input", {
    type: "range", min: spec.min ?? 0, max: spec.max, step: spec.step, ariaLabel: spec.title,
  });
  input.oninput = () => change({ [spec.name]: Number(input.value) }, false);
  input.onchange = () => change({ [spec.name]: Number(input.value) }, true);
  const set = (view) => {
    input.value = view[spec.name];
    value.textContent = spec.show(view[spec.name]);
    input.ariaValueText = value.textContent;
  };
  return { node: field(spec, [element("span", {}, spec.title, value), input]), set };
}

function choice(spec, change) {
  const input = element("select", { ariaLabel: spec.title });
  for (const [value, title] of Object.entries(spec.choices)) {
    input.append(element("option", { value, textContent: title }));
  }
  const read = spec.read ?? ((text) => text);
  input.onchange = () => change({ [spec.name]: read(input.value) }, true);
  const set = (view, header) => {
    input.value = String(view[spec.name]);
    if (spec.name === "scale") {
      input.querySelector("[value=absolute]").disabled = !header.shares;
    }
  };
  return { node: field(spec, [element("span", {}, spec.title), input]), set };
}

function check(spec, change) {
  const input = element("input", { type: "checkbox" });
  input.onchange = () => change({ [spec.name]: input.checked }, true);
  const set = (view) => {
    input.checked = view[spec.name];
  };
  const node = field(spec, [input, element("span", {}, spec.title)]);
  node.classList.add("check");
  return { node, set };
}

function field(spec, children) {
  const node = element("label", { className: `field ${spec.name}` }, ...children);
  if (spec.help) node.append(element("small", { textContent: spec.help }));
  return node;
}

function control(spec, change) {
  if (spec.choices) return choice(spec, change);
  return spec.max === undefined ? check(spec, change) : slider(spec, change);
}

/**
 * Fill the control areas of `root`. `change(changes, released)` is called when the user moves
 * something. Returns a function that shows a view in all of them.
 */
export function buildControls(root, change) {
  const made = [];
  /** @type {[string, Record<string, any>[]][]} */
  const areas = [[".sliders", LENS], [".options", OPTIONS]];
  for (const [area, specs] of areas) {
    const parts = specs.map((spec) => control(spec, change));
    root.querySelector(area).replaceChildren(...parts.map(({ node }) => node));
    made.push(...parts);
  }
  const modes = buildRadios(root.querySelector(".modes"), "mode", MODE_TITLES, change);
  const edges = buildRadios(root.querySelector(".edges"), "outline", EDGE_TITLES, change);
  const note = root.querySelector(".edges-note");
  return (view, header) => {
    for (const { set } of made) set(view, header);
    modes(view);
    edges(view);
    note.textContent = EDGE_NOTES[view.outline];
    const { left, right } = surfaces(view);
    const idle = header.quiet || (left !== "bokeh" && right !== "bokeh"); // nobody would look for it
    root.querySelector(".edges").hidden = note.hidden = idle;
    root.querySelector(".share").hidden = !header.name;
    root.querySelector(".copy").hidden = !canCopy();
  };
}

/** Buttons of which one is chosen: the values that `name` may have in the view, by their titles. */
function buildRadios(area, name, titles, change) {
  const values = [...titles.keys()];
  const buttons = values.map((value) =>
    element("button", {
      type: "button", role: "radio", ariaChecked: "false", textContent: titles.get(value),
      onclick: () => change({ [name]: value }, true),
    }),
  );
  area.replaceChildren(...buttons);
  area.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    const at = buttons.findIndex((button) => button.ariaChecked === "true");
    const next = (at + by + values.length) % values.length;
    change({ [name]: values[next] }, true);
    buttons[next].focus();
    event.preventDefault();
  };
  return (view) => {
    buttons.forEach((button, index) => {
      const chosen = values[index] === view[name];
      button.ariaChecked = String(chosen);
      button.tabIndex = chosen ? 0 : -1;
    });
  };
}

/** What a surface is called in a label; the focus picture says what its focus follows. */
export function surfaceTitle(surface, title, outline = false) {
  if (surface === "heat") return title;
  if (surface === "photo") return SURFACE_TITLES.photo;
  const [kind] = title.match(/^(attention|relevance)\b/i) ?? [""];
  return `${SURFACE_TITLES.bokeh} · ${outline ? "object" : `${kind.toLowerCase()} field`.trim()}`;
}
