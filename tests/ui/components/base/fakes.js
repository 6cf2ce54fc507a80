// A page small enough to test against: elements, events, and a clock that only tests move.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

import { Element, make } from "./elements.js";

export { Element, make };

/** The time: timers and frames run when a test says so, in their order. */
export class Clock {
  constructor() {
    Object.assign(this, { now: 1000, next: 1, timers: new Map(), frames: new Map() });
  }

  setTimeout(call, after = 0) {
    this.timers.set(this.next, { call, due: this.now + after });
    return this.next++;
  }

  requestFrame(call) {
    this.frames.set(this.next, call);
    return this.next++;
  }

  /** Run all timers that come due within `ms`. */
  advance(ms) {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { due: at }]) => at <= end);
      due.sort(([, one], [, other]) => one.due - other.due);
      if (!due.length) break;
      const [id, { call, due: at }] = due[0];
      this.timers.delete(id);
      this.now = Math.max(this.now, at);
      call();
    }
    this.now = end;
  }

  /** `ms` later, run the callbacks that wait for a frame; those they ask for wait for the next. */
  frame(ms = 16) {
    this.advance(ms);
    const calls = [...this.frames.entries()];
    for (const [id, call] of calls) {
      if (this.frames.delete(id)) call(this.now);
    }
    return calls.length;
  }
}

export class FakeResizeObserver {
  static all = [];

  constructor(call) {
    Object.assign(this, { call, seen: [], disconnected: false });
    FakeResizeObserver.all.push(this);
  }

  observe(element) {
    this.seen.push(element);
  }

  disconnect() {
    this.disconnected = true;
  }
}

/** Put a page into the global scope; returns its clock and what a test may change. */
export function installPage() {
  const clock = new Clock();
  const motion = { matches: false };
  const phone = Object.assign(new Element("media"), { matches: false });
  const window = Object.assign(new Element("window"), { innerHeight: 900, devicePixelRatio: 1 });
  const document = Object.assign(new Element("document"), {
    createElement: (tag) => new Element(tag),
    activeElement: null,
    visibilityState: "visible",
  });
  FakeResizeObserver.all = [];
  const globals = {
    document,
    window,
    addEventListener: (...given) => window.addEventListener(...given),
    performance: { now: () => clock.now },
    matchMedia: (query) => {
      if (/^\(max-width: \d+px\)$/.test(query)) return phone;
      assert.equal(query, "(prefers-reduced-motion: reduce)");
      return motion;
    },
    ResizeObserver: FakeResizeObserver,
    ImageData: class {
      constructor(data, width, height) {
        assert.equal(data.length, 4 * width * height);
        Object.assign(this, { data, width, height });
      }
    },
    setTimeout: (call, after) => clock.setTimeout(call, after),
    clearTimeout: (id) => clock.timers.delete(id),
    requestAnimationFrame: (call) => clock.requestFrame(call),
    cancelAnimationFrame: (id) => clock.frames.delete(id),
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  return { clock, motion, phone };
}

/** Wait, in real time, for streams and promises until `ready()`; the fake clock stands still. */
export async function until(ready) {
  for (const end = Date.now() + 20000; Date.now() < end;) {
    if (ready()) return;
    await wait(1);
  }
  assert.fail(`never came true: ${ready}`);
}

/** Long enough, in real time, for what is under way to end. */
export const turns = () => wait(60);

export const near = (actual, expected, tolerance = 1e-9, what = "") =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${what} ${actual} is not ${expected} ± ${tolerance}`,
  );
