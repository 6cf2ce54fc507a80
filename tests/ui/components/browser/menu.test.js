// The phone's menu closes after a choice in it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { closeAfterChoice } from "../../../../attnviz/ui/components/browser/js/menu.js";

let page, closed, phone;

beforeEach(() => {
  closed = 0;
  phone = { matches: true };
  const heard = [];
  page = {
    addEventListener: (name, call) => heard.push([name, call]),
    querySelector: () => ({ click: () => (closed += 1) }),
    heard,
  };
});

const press = (target) => page.heard.forEach(([, call]) => call({ target }));
const link = { closest: () => link };
const soon = () => new Promise((done) => setTimeout(done, 5));

test("it closes when a page is chosen, once, after the link itself was followed", async () => {
  closeAfterChoice(page, phone);
  closeAfterChoice(page, phone);
  assert.deepEqual(page.heard.map(([name]) => name), ["click"]);
  press(link);
  assert.equal(closed, 0);
  await soon();
  assert.equal(closed, 1);
});

test("it stays after a click beside the links, and where it covers nothing", async () => {
  closeAfterChoice(page, phone);
  press({ closest: () => null });
  press({}); // a text has no closest
  phone.matches = false;
  press(link);
  await soon();
  assert.equal(closed, 0);
});

test("a menu that is gone by then is no trouble", async () => {
  page.querySelector = () => null;
  closeAfterChoice(page, phone);
  press(link);
  await soon();
  assert.equal(closed, 0);
});
