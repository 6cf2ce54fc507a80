// The controls that step through the layers show where the viewer stands.

import assert from "node:assert/strict";
import { test } from "node:test";

import { showSteps } from "../../../../attnviz/ui/components/viewer/js/steps.js";
import { header, VIEW } from "../base/examples.js";

const parts = () => ({
  slider: {}, noun: {}, layerName: {}, speed: { options: [0.5, 1, 2, 4].map((value) => ({ value })) },
});

test("name, place and count stand in words and on the slider", () => {
  const shown = parts();
  const at = { scene: { header: header() }, index: 1, count: 3, position: 1.2, view: VIEW };
  showSteps(shown, at);
  assert.equal(shown.layerName.textContent, "b · 2 of 3");
  assert.deepEqual(shown.slider, { step: 0.02, value: 1.2, ariaLabel: "Layer", ariaValueText: "b" });
  showSteps(shown, { ...at, scene: { header: header({ noun: "Epoch" }) }, view: { ...VIEW, blend: false } });
  assert.deepEqual([shown.noun.textContent, shown.slider.step], ["Epoch", 1]);
});

test("a speed between two of those on offer shows the slower one", () => {
  const shown = parts();
  const at = { scene: { header: header() }, index: 0, count: 3, position: 0 };
  for (const [speed, value] of [[2, "2"], [3.9, "2"], [8, "4"], [0.25, "0.5"]]) {
    showSteps(shown, { ...at, view: { ...VIEW, speed } });
    assert.equal(shown.speed.value, value);
  }
});
