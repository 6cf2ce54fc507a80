// What happens on the stage: pointing, picking, zooming, panning, stepping with the wheel.

import { panned, toPicture, WHOLE, zoomedAt } from "../../base/js/zoom.js";

const CLICK_PX = 4;
const DOUBLE_MS = 260;
const WHEEL_STEP = 60;

/**
 * Listen on the canvas. `host` gives panes() in CSS px, zoom, and is told hover(point or null),
 * pick(point), setZoom(zoom), step(by). Points are {x, y}, shares of the picture.
 */
export function listen(canvas, host) {
  const touching = new Map();
  let moved = 0;
  let pinch = null;
  let pending = 0;
  const turn = stepper((by) => host.step(by));

  const place = (event) => {
    const bounds = canvas.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    const y = event.clientY - bounds.top;
    const inside = (pane) =>
      x >= pane.x && x <= pane.x + pane.width && y >= pane.y && y <= pane.y + pane.height;
    const pane = host.panes().find(inside);
    return pane && { pane, u: (x - pane.x) / pane.width, v: (y - pane.y) / pane.height };
  };
  const point = (event) => {
    const at = place(event);
    return at ? toPicture(host.zoom, at.u, at.v) : null;
  };

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    touching.set(event.pointerId, event);
    moved = touching.size === 1 ? 0 : Infinity; // two fingers that tap are no click
    pinch = null;
    canvas.focus({ preventScroll: true });
    capture(canvas, event.pointerId);
  };
  canvas.onpointermove = (event) => {
    const before = touching.get(event.pointerId);
    host.hover(point(event));
    if (!before) return;
    const pane = host.panes()[0];
    moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    touching.set(event.pointerId, event);
    if (touching.size === 2) {
      pinch = pinched(/** @type {[any, any]} */ ([...touching.values()]), pinch, place, host);
    } else if (touching.size === 1 && host.zoom.scale > 1) {
      const du = (event.clientX - before.clientX) / pane.width;
      host.setZoom(panned(host.zoom, du, (event.clientY - before.clientY) / pane.height));
    }
  };
  canvas.onpointerup = (event) => {
    const alone = touching.size === 1 && touching.has(event.pointerId);
    touching.delete(event.pointerId);
    if (!alone || moved > CLICK_PX) return;
    const at = point(event);
    const layer = host.index;
    clearTimeout(pending);
    if (at) pending = setTimeout(() => host.pick(at, layer), DOUBLE_MS); // unless it is a double click
  };
  // The browser may take a touch or a drag over: then no pointerup comes.
  canvas.onpointercancel = (event) => touching.delete(event.pointerId);
  canvas.onlostpointercapture = (event) => touching.delete(event.pointerId);
  canvas.onpointerleave = () => host.hover(null);
  canvas.ondblclick = () => {
    clearTimeout(pending);
    host.setZoom(WHOLE);
  };
  canvas.onwheel = (event) => {
    if (event.ctrlKey) {
      const at = place(event);
      event.preventDefault();
      if (at) host.setZoom(zoomedAt(host.zoom, Math.exp(-event.deltaY / 300), at.u, at.v));
    } else if (canvas.getRootNode().activeElement === canvas) {
      // Only a stage that was clicked takes the wheel; otherwise the page scrolls as it should.
      turn(event);
    }
  };
}

/** A wheel handler that steps by layers, as far as the wheel was turned: `step(1 or -1)`. */
export function stepper(step) {
  let turned = 0;
  return (event) => {
    event.preventDefault();
    turned += event.deltaY;
    if (Math.abs(turned) < WHEEL_STEP) return;
    step(Math.sign(turned));
    turned = 0;
  };
}

/** Zoom by two fingers: around their middle, by how far they have come apart. */
function pinched([one, other], before, place, host) {
  const distance = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const middle = { clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 };
  const at = place(middle);
  if (before && at) host.setZoom(zoomedAt(host.zoom, distance / before, at.u, at.v));
  return distance;
}

function capture(canvas, id) {
  try {
    canvas.setPointerCapture(id);
  } catch {
    // A pointer made by a script cannot be captured; the events arrive all the same.
  }
}

/** The divider of the split view: dragged, or moved with the arrow keys. `move(share, released)`. */
export function listenToWipe(handle, pane, move) {
  const share = (event) => {
    const bounds = handle.parentElement.getBoundingClientRect();
    const { x, width } = pane();
    return Math.min(Math.max((event.clientX - bounds.left - x) / width, 0), 1);
  };
  handle.onpointerdown = (event) => capture(handle, event.pointerId);
  handle.onpointermove = (event) => {
    if (event.buttons) move(share(event), false);
  };
  handle.onpointerup = (event) => move(share(event), true);
  handle.onkeydown = (event) => {
    const by = { ArrowRight: 0.02, ArrowLeft: -0.02 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(Number(handle.ariaValueNow) / 100 + by, true);
  };
}
