// The table of a set: what it reads, and what clicks on headers and pictures tell.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../../attnviz/ui/components/set_table/js/main.js";
import { SetTable } from "../../../../attnviz/ui/components/set_table/js/table.js";
import { packed } from "../base/blobs.js";
import { installPage, make } from "../base/fakes.js";

const HOSTILE = `<img src=x onerror="alert(1)">`;
const COLUMNS = [
  { name: "path", title: "Picture", number: false },
  { name: "margin", title: "Margin", number: true },
];
const ROWS = [
  { key: "7", name: "a.jpg", cells: ["x/a.jpg", "0.500"] },
  { key: "3", name: HOSTILE, cells: [HOSTILE, ""] },
];

let root, messages, live;

beforeEach(() => {
  installPage();
  root = make("div.set");
  make("div", {}, root);
  messages = [];
  live = new Set();
  let made = 0;
  URL.createObjectURL = () => {
    live.add(`blob:${++made}`);
    return `blob:${made}`;
  };
  URL.revokeObjectURL = (url) => assert.ok(live.delete(url), url);
});

function receive({ id = "one", chosen = "", sorted = "margin", descending = true, rows = ROWS } = {}) {
  const pictures = rows.flatMap((_, index) => [
    [`photo ${index}`, index === 0 ? [0xff, 0xd8] : []],
    [`focus ${index}`, index === 0 ? [0xff, 0xd9] : []],
  ]);
  const header = { id, chosen, sorted, descending, columns: COLUMNS, rows };
  return mount({
    parentElement: root.parentElement,
    data: packed(header, Object.fromEntries(pictures)),
    setTriggerValue: (...given) => messages.push(given),
  });
}

const buttons = () => Array.from(root.querySelectorAll("button"));
const lines = () => Array.from(root.querySelectorAll("tr")).slice(1);

test("names are only ever text, and a failed picture has none", () => {
  receive();
  const [, hostile] = lines();
  assert.equal(hostile.querySelectorAll("img").length, 0);
  assert.equal(hostile.querySelectorAll("td")[1].textContent, HOSTILE);
  assert.equal(hostile.querySelector("button").attributes["aria-label"], `Look at ${HOSTILE}`);
  assert.equal(lines()[0].querySelectorAll("img").length, 2);
  assert.equal(lines()[0].querySelectorAll("td")[2].className, "number");
});

test("a header says how all rows are sorted, and asks for its order", () => {
  receive();
  const [picture, margin] = root.querySelectorAll("th").slice(1);
  assert.deepEqual(
    [picture, margin].map((cell) => cell.attributes["aria-sort"]),
    ["none", "descending"],
  );
  assert.equal(margin.textContent, "Margin ▼");
  buttons()[0].onclick();
  assert.deepEqual(messages, [["sorted", "path"]]);
});

test("a click on a picture tells its key, and marks it at once", () => {
  receive({ chosen: "3" });
  assert.deepEqual(lines().map((line) => line.attributes["aria-current"]), ["false", "true"]);
  lines()[0].querySelector("button").onclick();
  assert.deepEqual(messages, [["opened", "7"]]);
  assert.deepEqual(lines().map((line) => line.attributes["aria-current"]), ["true", "false"]);
});

test("the same rows are made once, others in their place, and all pictures are given back", () => {
  receive();
  const [first] = lines();
  receive({ chosen: "7" });
  assert.equal(lines()[0], first);
  assert.equal(live.size, 2);
  const close = receive({ id: "two", rows: [ROWS[1]] });
  assert.deepEqual([lines().length, [...live]], [1, ["blob:3", "blob:4"]]);
  close();
  assert.equal(live.size, 0);
});

test("a table that is closed lets its pictures go", () => {
  const table = new SetTable(root);
  const header = { id: "one", chosen: "", sorted: "", descending: false, columns: COLUMNS, rows: ROWS.slice(0, 1) };
  const pictures = { "photo 0": [0xff, 0xd8], "focus 0": [0xff, 0xd9] };
  table.receive({ data: packed(header, pictures), setTriggerValue: () => {} });
  assert.equal(live.size, 2);
  table.close();
  assert.equal(live.size, 0);
});
