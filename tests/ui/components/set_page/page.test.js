// The page over a set: its rows, their orders, groups, and what is told of one picture.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { counted, make, percent } from "../../../../attnviz/ui/components/set_page/js/elements.js";
import { card } from "../../../../attnviz/ui/components/set_page/js/groups.js";
import { Look } from "../../../../attnviz/ui/components/set_page/js/look.js";
import { mount } from "../../../../attnviz/ui/components/set_page/js/main.js";
import { SetPictures } from "../../../../attnviz/ui/components/set_page/js/pictures.js";
import { SetRows, membersOf } from "../../../../attnviz/ui/components/set_page/js/rows.js";
import { SetTable } from "../../../../attnviz/ui/components/set_page/js/table.js";
import { Element, installPage, turns } from "../base/fakes.js";

const coded = (array) => Buffer.from(array.buffer).toString("base64");
const CONTENT = {
  title: "What tiny looks at", count: 3, failed: 1, part: 2, live: { count: 1, each: 1 }, networks: ["tiny"],
  columns: {
    path: { prefix: "/set/", texts: ["cats/1.png", "dogs/2.png", "dogs/3.png"] },
    top1: { words: ["cat", "dog"], codes: coded(Int32Array.of(1, 0, -1)) },
    margin: { numbers: coded(Float32Array.of(0.5, 0.25, NaN)) },
    flat: { flags: coded(Uint8Array.of(0, 1, 255)) },
  },
  clusters: [], findings: [{ title: "Two networks", text: "They disagree." }],
  orders: [["least certain first", "margin", 1], ["flattest", "entropy", 1]],
};
const PICTURES = { draw: async () => {}, blob: async () => null };
let page, found;

beforeEach(() => {
  installPage();
  found = new Map();
  page = {
    createElement: (tag) => new Element(tag),
    head: new Element("head"),
    querySelector: (selector) => {
      if (!found.has(selector)) {
        const element = Object.assign(new Element("div"), { value: "", scrollIntoView: () => {} });
        element.querySelector = page.querySelector;
        found.set(selector, element);
      }
      return found.get(selector);
    },
  };
});

test("numbers are told as people write them", () => {
  assert.equal(counted(60000), "60,000");
  assert.equal(percent(0.126), "13 %");
  assert.equal(make("b", { textContent: "sharp" }).textContent, "sharp");
});

test("rows are read as they were packed, and sorted with those without a value last", () => {
  const rows = new SetRows(CONTENT);
  assert.deepEqual([0, 1, 2].map((row) => rows.value("top1", row)), ["dog", "cat", null]);
  assert.deepEqual([0, 1, 2].map((row) => rows.value("flat", row)), [0, 1, null]);
  assert.equal(rows.value("path", 1), "/set/dogs/2.png");
  assert.equal(rows.text("path", 1), "dogs/2.png");
  assert.equal(rows.text("margin", 0), "0.500");
  const order = [0, 1, 2];
  rows.sort(order, ["margin", 1]);
  assert.deepEqual(order, [1, 0, 2]);
  rows.sort(order, ["margin", -1]);
  assert.deepEqual(order, [0, 1, 2]);
  assert.ok(rows.mentions(2, "dogs"));
  assert.ok(!rows.mentions(2, "cat"));
  assert.deepEqual(membersOf({ members: coded(Uint32Array.of(2, 0)) }), [2, 0]);
});

test("a picture is looked for in the script of its part", async () => {
  const asked = [];
  const shards = { load: async (name) => (asked.push(name), ["first", "second"]) };
  const pictures = new SetPictures(shards, CONTENT);
  assert.equal(await pictures.ofPart("other/", 3), "second");
  assert.deepEqual(asked, ["other/000001"]);
  assert.equal(await pictures.blob(1), null, "the viewer has the first picture alone");
});

test("a table has the rows that are looked for, in their order", () => {
  const rows = new SetRows(CONTENT);
  const look = { open: () => {} };
  const table = new SetTable(page, rows, PICTURES, [["path", "Picture"]], look);
  table.offer(CONTENT.orders);
  assert.deepEqual([...table.orders.keys()], ["in their order", "least certain first"]);
  table.inOrder("least certain first");
  assert.deepEqual(table.chosen, [1, 0, 2]);
  table.showGroup([2, 0]);
  assert.deepEqual(table.chosen, [2, 0]);
  assert.equal(found.get(".count").textContent, "2 pictures, of a group of 2");
  found.get("[name=find]").value = "cats";
  table.choose();
  assert.deepEqual(table.chosen, [0]);
});

test("of one picture all that is known is told", () => {
  const look = new Look(page, {}, new SetRows(CONTENT), PICTURES, [["path", "Picture"], ["margin", "Margin"]], ["tiny"]);
  const told = look.facts(0).children.map((one) => one.textContent);
  assert.deepEqual(told, ["Picture", "/set/cats/1.png", "Margin", "0.500"]);
  assert.equal(look.facts(2).children.length, 2, "a number that is missing is left out");
});

test("a group says whether chance explains it, and shows its pictures", () => {
  globalThis.ImageData = class { constructor() { this.data = new Uint8ClampedArray(256); } };
  Element.prototype.getContext ??= () => ({ putImageData: () => {} });
  const cluster = {
    members: coded(Uint32Array.of(2, 0)), place: Array(64).fill(1 / 64), label: "dog",
    purity: 1, usual: 0.5, distance: 0.2, stands_out: true,
  };
  const chosen = [];
  const button = card(cluster, PICTURES, (members) => chosen.push(members));
  const [, told, more] = button.children;
  assert.equal(told.textContent, "100 % dog (50 % of all)");
  assert.match(more.textContent, /^2 pictures; 20 % .* it may follow a shortcut\.$/);
  assert.match(card({ ...cluster, stands_out: false }, PICTURES, () => {}).children[2].textContent, /chance may bring about/);
  button.onclick();
  assert.deepEqual(chosen, [[2, 0]]);
});

test("the page is filled when its rows arrive", async () => {
  mount(page, {});
  globalThis.window.attnvizSet(CONTENT);
  await turns();
  assert.equal(page.title, "What tiny looks at");
  assert.equal(found.get(".told").textContent, "3 pictures, 1 of which failed");
  assert.equal(found.get("tbody").children.length, 3);
  assert.equal(found.get(".groups").hidden, true);
});
