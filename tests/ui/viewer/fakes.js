// A page small enough to test against: elements, events, and a clock that only tests move.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

/** What querySelector understands: "tag.class[name=value]", with " " and " > " between them. */
function fits(node, part) {
  const [, tag, rest] = /^(\w*)(.*)$/.exec(part);
  if (tag && node.tagName !== tag.toUpperCase()) return false;
  for (const [, name] of rest.matchAll(/\.([\w-]+)/g)) {
    if (!node.classList.contains(name)) return false;
  }
  for (const [, name, value] of rest.matchAll(/\[([\w-]+)=([\w-]+)\]/g)) {
    if (String(node[name]) !== value) return false;
  }
  return true;
}

function matches(node, parts, root) {
  const [last, ...before] = parts;
  if (!fits(node, last)) return false;
  if (!before.length) return true;
  if (before[0] === ">")
    return node.parentElement !== root && matches(node.parentElement, before.slice(1), root);
  for (let up = node.parentElement; up && up !== root; up = up.parentElement) {
    if (matches(up, before, root)) return true;
  }
  return false;
}

class ClassList {
  constructor() {
    this.names = new Set();
  }

  add(name) {
    this.names.add(name);
  }

  contains(name) {
    return this.names.has(name);
  }

  toggle(name, on) {
    if (on) this.names.add(name);
    else this.names.delete(name);
  }
}

/** An element. Whatever would read a text as markup throws: no name may ever reach it. */
export class Element {
  constructor(tag) {
    Object.assign(this, {
      tagName: tag.toUpperCase(),
      children: [],
      parentElement: null,
      dataset: {},
      style: {},
      classList: new ClassList(),
      hidden: false,
      listeners: {},
      text: "",
      scrollLeft: 0,
      bounds: { left: 0, top: 0, width: 0, height: 0 },
      captured: [],
      painted: [],
      gl: undefined,
      clientWidth: 0,
      offsetLeft: 0,
      offsetWidth: 0,
    });
  }

  set innerHTML(_) {
    throw new Error("innerHTML reads a text as markup");
  }
  set outerHTML(_) {
    throw new Error("outerHTML reads a text as markup");
  }
  insertAdjacentHTML() {
    throw new Error("insertAdjacentHTML reads a text as markup");
  }
  setAttribute() {
    throw new Error("setAttribute is not used; an event's attribute would run");
  }

  set className(names) {
    this.classList.names = new Set(names.split(" ").filter(Boolean));
  }

  get className() {
    return [...this.classList.names].join(" ");
  }

  set textContent(text) {
    this.children = [];
    this.text = String(text);
  }

  get textContent() {
    return this.text + this.children.map((child) => child.textContent).join("");
  }

  append(...nodes) {
    for (const given of nodes) {
      const node =
        typeof given === "string" ? Object.assign(new Element("text"), { text: given }) : given;
      node.parentElement = this;
      this.children.push(node);
    }
  }

  replaceChildren(...nodes) {
    this.children = [];
    this.text = "";
    this.append(...nodes);
  }

  *descendants() {
    for (const child of this.children) {
      yield child;
      yield* child.descendants();
    }
  }

  querySelectorAll(selector) {
    const parts = selector.split(/\s+/).reverse();
    return [...this.descendants()].filter((node) => matches(node, parts, this));
  }

  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }

  getContext(kind) {
    if (kind === "webgl2") return this.gl ?? null;
    return { putImageData: (data, x, y) => this.painted.push({ data, x, y }) };
  }

  addEventListener(type, listener) {
    (this.listeners[type] ??= []).push(listener);
  }

  /** Let something happen; returns the event, to see whether its default was prevented. */
  dispatch(type, details = {}) {
    const event = { type, defaultPrevented: false, ...details };
    event.preventDefault = () => {
      event.defaultPrevented = true;
    };
    this[`on${type}`]?.(event);
    for (const listener of this.listeners[type] ?? []) listener(event);
    return event;
  }

  focus() {
    document.activeElement = this;
  }

  getRootNode() {
    return document;
  }

  getBoundingClientRect() {
    return this.bounds;
  }

  setPointerCapture(id) {
    if (this.refusesCapture) throw new Error("no such pointer");
    this.captured.push(id);
  }
}

/** An element with children: make("div.stage", { hidden: true }, child, ...). */
export function make(what, properties = {}, ...children) {
  const [tag, ...names] = what.split(".");
  const node = Object.assign(new Element(tag), properties);
  for (const name of names) node.classList.add(name);
  node.append(...children);
  return node;
}

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
  FakeResizeObserver.all = [];
  const globals = {
    document: { createElement: (tag) => new Element(tag), activeElement: null },
    window: { innerHeight: 900, devicePixelRatio: 1 },
    performance: { now: () => clock.now },
    matchMedia: (query) => {
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
  return { clock, motion };
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
