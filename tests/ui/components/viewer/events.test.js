// Which keys and turns of the wheel the viewer takes, and which it leaves to the browser.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { attachEvents } from "../../../../attnviz/ui/components/viewer/js/events.js";
import { openPage } from "../base/page.js";

const OWN = ["ArrowLeft", "ArrowRight", "Home", "End"];
const BROWSERS = ["Tab", "F5", "a", "Shift"];

let here, canvas, slider, strip, viewer;

beforeEach(async () => {
  here = openPage();
  await here.shown();
  ({ canvas } = here);
  ({ viewer } = canvas);
  ({ slider, strip } = viewer.parts);
});

const taken = (part, key) => part.dispatch("keydown", { key }).defaultPrevented;

test("keys that mean nothing here stay the browser's: Tab leads on from every part", () => {
  for (const part of [canvas, slider, strip]) {
    assert.deepEqual(OWN.map((key) => taken(part, key)), [true, true, true, true]);
    assert.deepEqual(BROWSERS.map((key) => taken(part, key)), [false, false, false, false]);
  }
});

test("the wheel turns layers on a slider in focus, and the page everywhere else", () => {
  viewer.goTo(1);
  assert.equal(slider.dispatch("wheel", { deltaY: 100 }).defaultPrevented, false);
  assert.equal(viewer.index, 1);
  slider.focus();
  assert.equal(slider.dispatch("wheel", { deltaY: 100 }).defaultPrevented, true);
  assert.equal(viewer.index, 2);
});

test("a press elsewhere tells the view at once, until nobody listens any more", () => {
  const { reporter } = viewer;
  let tellings = 0;
  reporter.now = () => (tellings += 1);
  viewer.detach();
  const end = attachEvents(viewer);
  document.dispatch("pointerdown", { target: here.part(".viewer") });
  assert.equal(tellings, 0);
  document.dispatch("pointerdown", { target: document });
  assert.equal(tellings, 1);
  end();
  document.dispatch("pointerdown", { target: document });
  assert.equal(tellings, 1);
});
