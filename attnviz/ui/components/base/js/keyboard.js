// The keys of the stage and of the layer's slider.

import { zoomedAt, WHOLE } from "./zoom.js";

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 1, PageDown: -1 };
const POINTS = { ArrowRight: [0.02, 0], ArrowLeft: [-0.02, 0], ArrowUp: [0, -0.02], ArrowDown: [0, 0.02] };

/** Layer keys: one step, or to the ends. True if the key was one. */
export function layerKey(event, host) {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  if (STEPS[event.key]) host.step(STEPS[event.key]);
  else if (event.key === "Home") host.goTo(0);
  else if (event.key === "End") host.goTo(Infinity);
  else return false;
  return true;
}

/** The keys of the filmstrip, which runs from left to right: down is forward, as in any list. */
export function stripKey(event, host) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return layerKey(event, host);
  host.step(by);
  return true;
}

/** All keys of the stage; Shift with an arrow moves the cross-hair, Enter picks its point. */
export function stageKey(event, host) {
  if (event.shiftKey && POINTS[event.key]) {
    const from = host.pointed ?? { x: 0.5, y: 0.5 };
    const inside = (value) => Math.min(Math.max(value, 0), 1);
    const [dx, dy] = POINTS[event.key];
    host.pointTo({ x: inside(from.x + dx), y: inside(from.y + dy) });
    return true;
  }
  if (layerKey(event, host)) return true;
  const actions = {
    " ": () => host.togglePlay(),
    Enter: () => host.pointed && host.pick(host.pointed),
    "+": () => host.setZoom(zoomedAt(host.zoom, 1.5, 0.5, 0.5)),
    "=": () => host.setZoom(zoomedAt(host.zoom, 1.5, 0.5, 0.5)),
    "-": () => host.setZoom(zoomedAt(host.zoom, 1 / 1.5, 0.5, 0.5)),
    0: () => host.setZoom(WHOLE),
    Escape: () => host.setZoom(WHOLE),
  };
  if (event.ctrlKey || event.metaKey || !actions[event.key]) return false;
  actions[event.key]();
  return true;
}
