// Degrees, cut-off frequencies and places on the retina, against what Python makes of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  degrees, finest, landing, perDegreeOnScreen, pixels, seenAt, sharpAngle, zoneOf,
} from "../../../../attnviz/ui/components/eye/js/geometry.js";
import { frame, lookup, projected, SIDE } from "../../../../attnviz/ui/components/eye/js/retina.js";
import { near } from "../base/fakes.js";

const FOLDER = process.env.ATTNVIZ_EXPECTED;
const skip = FOLDER ? false : "ATTNVIZ_EXPECTED names no folder; pytest makes one";
const expected = FOLDER ? JSON.parse(readFileSync(`${FOLDER}/eye.json`, "utf8")) : {};

test("the finest visible grating and the sharp angle are Python's", { skip }, () => {
  for (const { retina, perDegree, angles, finest: cutoffs, pixels: radii, sharp } of expected.eyes) {
    angles.forEach((angle, i) => {
      near(finest(retina, angle), cutoffs[i], 1e-9);
      near(pixels(angle, perDegree), radii[i], 1e-6);
      near(degrees(radii[i], perDegree), angle, 1e-9);
    });
    near(sharpAngle(retina, perDegree), sharp, 1e-9);
  }
  assert.equal(expected.eyes.length, 9);
});

test("an eye 57 cm from a usual screen has as many pixels in a degree as Python says", { skip }, () => {
  near(perDegreeOnScreen({ distance: 57, pxPerCm: 37.8 }), expected.screen, 1e-9);
});

test("places fall on the retina where Python lets them fall, and come back", { skip }, () => {
  const zones = new Set();
  for (const one of expected.landings) {
    const place = landing(one.below, one.rightOf, one.perDegree);
    for (const name of ["right", "up", "angle"]) near(place[name], one[name], 1e-9, name);
    assert.equal(zoneOf(place, expected) ?? "beyond the macula", one.zone);
    zones.add(one.zone);
    const back = seenAt(place, one.perDegree);
    near(back.below, one.below, 1e-6);
    near(back.rightOf, one.rightOf, 1e-6);
  }
  for (const zone of ["foveola", "fovea", "macula", "beyond the macula", "blind spot"]) {
    assert.ok(zones.has(zone), zone);
  }
});

test("the photographed retina has its disc to the nose and above, at its true angle", { skip }, () => {
  const place = frame(expected.fundus);
  const { right, up } = expected.disc;
  const angle = Math.hypot(place.disc.x - place.fovea.x, place.disc.y - place.fovea.y) / place.perDegree;
  near(angle, Math.hypot(right, up), 1e-6);
  assert.ok(place.disc.x > place.fovea.x && place.disc.y < place.fovea.y, "seen from behind");
  near((2 * place.radius) / place.perDegree, 43.3, 0.1, "the field, degrees");
});

test("the picture lies on the retina upside down and left to right, at its own size", { skip }, () => {
  const place = frame(expected.fundus);
  const perDegree = 40;
  const table = lookup(place, perDegree);
  // Four quarters of a picture of 10 x 10 degrees: red, green above, blue, white below.
  const [width, height] = [40, 40];
  const data = new Uint8ClampedArray(4 * width * height);
  const colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([...colours[2 * Number(y >= 20) + Number(x >= 20)], 255], 4 * (y * width + x));
    }
  }
  const black = new Uint8ClampedArray(4 * SIDE * SIDE);
  const codes = projected(black, table, { data, width, height, scale: 0.1 }, { x: 200, y: 200 });
  const at = (right, up) => {
    const x = Math.floor(place.fovea.x + right * place.perDegree);
    const y = Math.floor(place.fovea.y - up * place.perDegree);
    return [...codes.subarray(4 * (y * SIDE + x), 4 * (y * SIDE + x) + 3)].map((code) => code > 90);
  };
  assert.deepEqual(at(2, -2), [true, false, false], "upper left falls to the lower right");
  assert.deepEqual(at(-2, -2), [false, true, false]);
  assert.deepEqual(at(2, 2), [false, false, true]);
  assert.deepEqual(at(-2, 2), [true, true, true]);
  assert.deepEqual(at(4.8, 0.5), [false, false, true], "5 degrees reach as far as 5 degrees");
  assert.deepEqual(at(5.3, 0.5), [false, false, false]);
  const moved = projected(black, table, { data, width, height, scale: 0.1 }, { x: 0, y: 200 });
  const inside = moved.filter((code, i) => i % 4 === 0 && code > 90).length;
  assert.ok(inside > 0, "with the gaze at its edge the picture lies on one half only");
});
