// Elements as far as the modules use them.

import assert from "node:assert/strict";

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
    {return node.parentElement !== root && matches(node.parentElement, before.slice(1), root);}
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
      attributes: {},
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
  setAttribute(name, value) {
    assert.match(name, /^(role|aria-\w+)$/, "an event's attribute would run");
    this.attributes[name] = value;
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

  /** The options of a select. */
  get options() {
    return this.querySelectorAll("option");
  }

  /** The element and those around it, as an event meets them. */
  path() {
    return [this, ...(this.parentElement?.path() ?? [])];
  }

  contains(other) {
    return other.path().includes(this);
  }

  matches(selector) {
    assert.equal(selector, ":focus");
    return document.activeElement === this;
  }

  scrollBy(options) {
    this.scrolled = options;
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

  addEventListener(type, listener, { signal } = {}) {
    (this.listeners[type] ??= []).push(listener);
    signal?.addEventListener("abort", () => {
      this.listeners[type] = this.listeners[type].filter((one) => one !== listener);
    });
  }

  /** Let something happen; returns the event, to see whether its default was prevented. */
  dispatch(type, details = {}) {
    const event = { type, defaultPrevented: false, target: this, ...details };
    event.composedPath ??= () => event.target.path();
    event.preventDefault = () => {
      event.defaultPrevented = true;
    };
    // As in a browser: a handler that gives back false has prevented the default.
    if (this[`on${type}`]?.(event) === false) event.preventDefault();
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
