import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { showLegend, showValue } from "../../../../attnviz/ui/components/viewer/js/legend.js";
import { scene, table, VIEW } from "../base/examples.js";
import { installPage, make, near } from "../base/fakes.js";

let area;

beforeEach(() => {
  installPage();
  area = make(
    "div.legend",
    {},
    make("span.low"),
    make("span.ramp", {}, make("canvas"), make("i")),
    make("span.high"),
    make("output.here"),
    make("em.note"),
  );
});

const text = (selector) => area.querySelector(selector).textContent;

test("the ends are absolute values, and the note says what they span", () => {
  showLegend(area, scene(), 1, VIEW, table());
  assert.deepEqual(
    [text(".low"), text(".high"), text(".note")],
    ["2.0", "12.0", "Made up. Colours span this layer."],
  );
  showLegend(area, scene(), 1, { ...VIEW, scale: "all-layers" }, table());
  assert.deepEqual([text(".low"), text(".high")], ["1.0", "12.0"]);
  showLegend(area, scene(), 2, VIEW, table());
  assert.equal(text(".note"), "Made up. Flat: nothing stands out.");
});

test("the ramp is painted once for each colour table", () => {
  const { painted } = area.querySelector("canvas");
  showLegend(area, scene(), 0, VIEW, table());
  showLegend(area, scene(), 1, VIEW, table());
  assert.equal(painted.length, 1);
  const { data, width, height } = painted[0].data;
  assert.deepEqual([width, height], [256, 1]);
  assert.deepEqual(
    [...data.subarray(0, 4), ...data.subarray(1020)],
    [0, 255, 7, 255, 255, 0, 7, 255],
  );
  showLegend(area, scene(), 1, { ...VIEW, colours: "magma" }, table());
  assert.equal(painted.length, 2);
});

test("the value under the pointer is a number and a mark", () => {
  showValue(area, scene(), 1, VIEW, { x: 0.875, y: 0.25 });
  const pin = area.querySelector("i");
  assert.equal(text(".here"), "4.00");
  assert.equal(pin.hidden, false);
  near(parseFloat(pin.style.left), 20, 0.1);
});

test("where nothing was seen there is no value; without a pointer there is nothing", () => {
  const pin = area.querySelector("i");
  showValue(area, scene(), 1, VIEW, { x: 0.1, y: 0.5 });
  assert.deepEqual([text(".here"), pin.hidden], ["not seen", true]);
  showValue(area, scene(), 1, VIEW, null);
  assert.deepEqual([text(".here"), pin.hidden], ["", true]);
});
