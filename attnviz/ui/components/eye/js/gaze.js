// Moving the gaze: with the pointer, a finger, or keys. Points are shares of the picture, 0..1.

const CLICK_PX = 5;
const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.01;

const inside = (value) => Math.min(Math.max(value, 0), 1);

/** The point of the picture under an event, within the picture. */
export function pointOf(event, bounds) {
  return {
    x: inside((event.clientX - bounds.left) / bounds.width),
    y: inside((event.clientY - bounds.top) / bounds.height),
  };
}

/** A point moved by a key, or null if the key is none; Shift makes a long step. */
export function stepped({ x, y }, event) {
  const by = STEPS[event.key];
  if (!by || event.ctrlKey || event.altKey || event.metaKey) return null;
  const step = STEP * (event.shiftKey ? 5 : 1);
  return { x: inside(x + by[0] * step), y: inside(y + by[1] * step) };
}

/**
 * Listen on the canvas. `host` is told move(point), leave(), click(point), key(event) -> handled;
 * a finger moves while it is down, and lifts without a click.
 */
export function listen(canvas, host) {
  let down = null;
  const point = (event) => pointOf(event, canvas.getBoundingClientRect());
  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    down = { x: event.clientX, y: event.clientY };
    canvas.focus({ preventScroll: true });
    if (event.pointerType !== "mouse") host.move(point(event));
  };
  canvas.onpointermove = (event) => {
    if (event.pointerType === "mouse" || down) host.move(point(event));
  };
  canvas.onpointerup = (event) => {
    const from = down;
    down = null;
    if (!from || event.pointerType !== "mouse") return;
    const far = Math.hypot(event.clientX - from.x, event.clientY - from.y);
    if (far <= CLICK_PX) host.click(point(event));
  };
  canvas.onpointercancel = () => {
    down = null;
  };
  canvas.onpointerleave = () => host.leave();
  canvas.onkeydown = (event) => {
    if (host.key(event)) event.preventDefault();
  };
}
