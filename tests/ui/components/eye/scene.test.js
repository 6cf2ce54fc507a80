// What the eye is sent and draws from: a scene's colours, the pyramid's plan, a retina.

import assert from "node:assert/strict";
import { test } from "node:test";

import { plan, taps } from "../../../../attnviz/ui/components/eye/js/pyramid.js";
import { drawRetina, frame, retinaMarks, SIDE } from "../../../../attnviz/ui/components/eye/js/retina.js";
import { release, rowColours } from "../../../../attnviz/ui/components/eye/js/scene.js";
import { near } from "../base/fakes.js";

const ZONES = [["foveola", 1], ["fovea", 5], ["parafovea", 8], ["macula", 17]]
  .map(([name, degrees]) => ({ name, degrees }));

test("a row's colours are the picture's, left to right; what a scene holds is given back", () => {
  const data = Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 255]);
  assert.deepEqual(rowColours({ data, width: 2, height: 2 }, 1, 2), ["rgb(7 8 9)", "rgb(10 11 12)"]);
  const gone = [];
  URL.revokeObjectURL = (address) => gone.push(address);
  release({ bitmap: { close: () => gone.push("bitmap") }, addresses: ["blob:a"] });
  release(null);
  assert.deepEqual(gone, ["bitmap", "blob:a"]);
});

test("the pyramid's levels add up to half the amplitude of their frequency", () => {
  const half = Math.sqrt(Math.log(2) / 2) / Math.PI;
  for (const [width, height] of [[1024, 768], [601, 5], [1, 1]]) {
    let [variance, grid] = [0, 1];
    plan(width, height).forEach(({ size, halved, sigma }, index) => {
      if (halved) variance += grid ** 2 / 4;
      if (halved) grid *= 2;
      variance += (sigma * grid) ** 2;
      near(variance, (half * 2 ** (index + 2)) ** 2, 1e-6 * variance);
      assert.deepEqual(size, [width, height].map((side) => Math.max(1, Math.ceil(side / grid))));
    });
  }
  const weights = taps(1.3);
  near(2 * weights.reduce((sum, one) => sum + one, 0) - weights[0], 1);
  assert.equal(weights.length, 6);
});

test("a drawn retina has its disc and its fovea where the photograph has them", () => {
  const place = frame({ side: 1411, radius: 694, fovea: [698, 712], disc: { at: [653, 215], size: [197, 190] }, perDegree: 32 });
  const drawn = [];
  const context = new Proxy({}, {
    get: (_, name) => (...given) => {
      drawn.push([name, ...given]);
      return { addColorStop() {} };
    },
    set: () => true,
  });
  drawRetina(context, place);
  const ellipse = drawn.find(([name]) => name === "ellipse");
  near(ellipse[1], ((1411 - 215) * SIDE) / 1411);
  near(drawn.find(([name]) => name === "arc")[3], (694 * SIDE) / 1411);
  const marks = retinaMarks(place, ZONES, { right: 4, up: 2, angle: 4.5 });
  const spot = marks.find(([, one]) => one.class === "spot")[1];
  near(spot.cx - place.fovea.x, 4 * place.perDegree);
  near(place.fovea.y - spot.cy, 2 * place.perDegree);
});
