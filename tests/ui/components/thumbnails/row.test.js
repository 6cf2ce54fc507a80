// The row of thumbnails: what it reads, where its keys lead, and what a click tells.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../../attnviz/ui/components/thumbnails/js/main.js";
import { Row, shortened, step } from "../../../../attnviz/ui/components/thumbnails/js/row.js";
import { packed } from "../base/blobs.js";
import { installPage, make } from "../base/fakes.js";

const HOSTILE = `<img src=x onerror="alert(1)">`;
const ITEMS = [
  ["a", "first.jpg", [0xff, 0xd8, 1]],
  ["b", HOSTILE, []],
  ["c", "dritté.png", [7, 8]],
];

function blob({ id = "one", chosen = "a", items = ITEMS } = {}) {
  const pictures = items.map(([, , jpeg], index) => [`thumbnail ${index}`, jpeg]);
  const header = { id, chosen, items: items.map(([key, name]) => ({ key, name })) };
  return packed(header, Object.fromEntries(pictures));
}

let clock, row, messages, urls;

beforeEach(() => {
  ({ clock } = installPage());
  row = make("div.row", { bounds: { left: 100, right: 300 } });
  make("div", {}, row);
  messages = [];
  urls = { made: 0, live: new Set() };
  URL.createObjectURL = (given) => {
    assert.equal(given.type, "image/jpeg");
    urls.live.add(`blob:${++urls.made}`);
    return `blob:${urls.made}`;
  };
  URL.revokeObjectURL = (url) => assert.ok(urls.live.delete(url), url);
});

const receive = (changes) =>
  mount({
    parentElement: row.parentElement,
    data: blob(changes),
    setTriggerValue: (...given) => messages.push(given),
  });
const buttons = () => row.children;
const checked = () => buttons().map((button) => button.attributes["aria-checked"]);

test("arrows go round, Home and End to the ends, other keys nowhere", () => {
  const to = (key, index) => step(key, index, 3);
  assert.deepEqual([to("ArrowRight", 0), to("ArrowDown", 1), to("ArrowRight", 2)], [1, 2, 0]);
  assert.deepEqual([to("ArrowLeft", 2), to("ArrowUp", 1), to("ArrowLeft", 0)], [1, 0, 2]);
  assert.deepEqual([to("Home", 2), to("End", 0)], [0, 2]);
  assert.deepEqual([to("Tab", 1), to(" ", 1), to("a", 1)], [null, null, null]);
  assert.equal(step("ArrowRight", 0, 1), 0, "alone");
});

test("a long name loses its middle, sign by sign", () => {
  assert.equal(shortened("photo.jpeg"), "photo.jpeg");
  assert.equal(shortened("123456789012"), "123456789012");
  assert.equal(shortened("IMG_20240501_1234.jpg"), "IMG…1234.jpg");
  assert.equal(shortened("IMG_20240501_1234.jpg", 14), "IMG_2…1234.jpg");
  const many = "😀".repeat(20);
  assert.equal(shortened(many), `${"😀".repeat(3)}…${"😀".repeat(8)}`);
  assert.equal(Array.from(shortened("x".repeat(99))).length, 12);
});

test("names are only ever text, whole for ears, short for eyes", () => {
  receive();
  const hostile = buttons()[1];
  assert.equal(hostile.attributes["aria-label"], HOSTILE);
  assert.equal(hostile.title, HOSTILE);
  assert.equal(hostile.textContent, shortened(HOSTILE));
  assert.equal(hostile.querySelectorAll("img").length, 1, "its own picture");
  assert.deepEqual(messages, []);
});

test("the chosen one is checked, and it alone is reached by Tab", () => {
  receive({ chosen: "b" });
  assert.deepEqual(checked(), ["false", "true", "false"]);
  assert.deepEqual(
    buttons().map((button) => button.tabIndex),
    [-1, 0, -1],
  );
});

test("a click tells its key once, and is shown at once", () => {
  receive();
  row.dispatch("click", { target: buttons()[2].querySelector("img") });
  assert.deepEqual([messages, checked()], [[["picked", "c"]], ["false", "false", "true"]]);
  row.dispatch("click", { target: buttons()[2] });
  row.dispatch("click", { target: row });
  assert.equal(messages.length, 1);
});

test("keys move the focus and choose; those of the browser are left to it", () => {
  receive();
  const press = (index, key, more) =>
    row.dispatch("keydown", { target: buttons()[index], key, ...more }).defaultPrevented;
  assert.equal(press(0, "ArrowLeft"), true);
  assert.equal(document.activeElement, buttons()[2]);
  assert.deepEqual(messages, [["picked", "c"]]);
  assert.equal(press(2, "ArrowLeft", { altKey: true }), false);
  assert.equal(press(2, "Enter"), false);
  assert.equal(row.dispatch("keydown", { target: row, key: "Home" }).defaultPrevented, false);
  assert.equal(messages.length, 1);
});

test("the same pictures are made once, others in their place, and all are given back", () => {
  receive();
  const [first] = buttons();
  receive({ chosen: "c" });
  assert.deepEqual([buttons()[0], urls.made, checked()[2]], [first, 3, "true"]);
  buttons()[2].focus();
  const close = receive({ id: "two", chosen: "b" });
  assert.deepEqual([urls.made, urls.live.size], [6, 3]);
  assert.equal(document.activeElement, buttons()[1], "whoever was in the row stays in it");
  close();
  assert.equal(urls.live.size, 0);
});

test("the row alone scrolls to the chosen one, at once for those who want no motion", () => {
  receive({ chosen: "c" });
  buttons()[2].bounds = { left: 290, right: 370 };
  clock.frame();
  assert.deepEqual(row.scrolled, { left: 78, behavior: "smooth" });
  matchMedia("(prefers-reduced-motion: reduce)").matches = true;
  buttons()[0].bounds = { left: 40, right: 120 };
  row.dispatch("click", { target: buttons()[0] });
  assert.deepEqual(row.scrolled, { left: -68, behavior: "auto" });
  row.scrolled = null;
  buttons()[1].bounds = { left: 120, right: 200 };
  row.dispatch("click", { target: buttons()[1] });
  assert.equal(row.scrolled, null, "it is in sight");
});

test("a row that was closed lets go of its pictures", () => {
  const alone = new Row(row);
  alone.receive({ data: blob(), setTriggerValue: () => {} });
  assert.equal(urls.live.size, 3);
  alone.close();
  assert.equal(urls.live.size, 0);
});
