// The formulas that stand in two languages: the browser's must give what Python gave.
// expected.py writes those values into the folder that ATTNVIZ_EXPECTED names.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { spread } from "../../../../attnviz/ui/components/base/js/maps.js";
import {
  circleOfConfusion,
  focusOf,
  scaleRange,
  spreadWeight,
} from "../../../../attnviz/ui/components/base/js/optics.js";
import { halfToNumber, inflate, shares, unpack } from "../../../../attnviz/ui/components/base/js/blob.js";
import { focusOfView, readMaps, scaledMap, thumbnail } from "../../../../attnviz/ui/components/base/js/scene.js";
import { changed } from "../../../../attnviz/ui/components/base/js/view.js";
import { near } from "./fakes.js";

const FOLDER = process.env.ATTNVIZ_EXPECTED;
const skip = FOLDER ? false : "ATTNVIZ_EXPECTED names no folder; pytest makes one";
const read = (name) => readFileSync(join(FOLDER, name));
const expected = FOLDER ? JSON.parse(read("expected.json")) : { contents: {} };
const STRIDE = 7;

/** The largest difference of two lists of the same length. */
function largest(actual, wanted) {
  assert.equal(actual.length, wanted.length);
  assert.ok(wanted.length > 0);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
}

const opened = async (name) => {
  const { header, array } = unpack(new Uint8Array(read(`${name}.bin`)));
  const maps = unpack(await inflate(array("maps").data));
  return { header, photo: array("photo").data, maps, scene: readMaps(header, maps) };
};

test("every float16 there is", { skip }, () => {
  const bytes = read("halves.bin");
  const floats = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let code = 0; code < 65536; code++) {
    const wanted = floats.getFloat32(4 * code, true);
    assert.ok(
      Object.is(halfToNumber(code), wanted),
      `${code}: ${halfToNumber(code)} is not ${wanted}`,
    );
  }
});

test("the cubic that brings a grid to the picture", { skip }, () => {
  assert.equal(expected.spreads.length, 5);
  for (const {
    grid,
    size: [rows, columns, height, width],
    box,
    values,
  } of expected.spreads) {
    const made = spread(Float32Array.from(grid), rows, columns, box, height, width);
    const seen = values.map((_, i) => i).filter((i) => values[i] >= 0);
    assert.ok(
      largest(
        seen.map((i) => made[i]),
        seen.map((i) => values[i]),
      ) < 1e-5,
    );
  }
});

test("how much a sharper source counts", { skip }, () => {
  for (const [source, own, weight] of expected.weights)
    {near(spreadWeight(source, own), weight, 1e-6, `${source} in ${own}`);}
});

test("the view that Python begins with is drawable as it is", { skip }, () => {
  assert.deepEqual(changed(expected.view, {}), expected.view);
});

test("there are contents to compare", { skip }, () => {
  assert.equal(Object.keys(expected.contents).length, 6);
});

for (const [name, { layers, mattes }] of Object.entries(expected.contents)) {
  test(`the shares of ${name}, bit by bit`, async () => {
    const { header, photo, maps } = await opened(name);
    assert.deepEqual(
      [photo[0], photo[1], photo.at(-2), photo.at(-1)],
      [0xff, 0xd8, 0xff, 0xd9],
      "a whole JPEG",
    );
    header.layers.forEach((entry, index) => {
      const map = maps.array(entry.values);
      const actual = shares(map);
      assert.ok(largest(actual, layers[index].shares) < 1e-7, entry.name);
      // Half a step of 8 bits; float16 near 1 has steps of 2^-11.
      const step = (entry.high - entry.low) * (map.dtype === "uint8" ? 0.5001 / 255 : 2 ** -12);
      const values = [...actual].map((share) => entry.low + (entry.high - entry.low) * share);
      assert.ok(largest(values, layers[index].exact) <= step + 1e-6, entry.name);
    });
    assert.equal(header.mattes === null, mattes === null);
    mattes?.forEach((codes, index) => {
      assert.ok(
        largest(
          shares(maps.array(header.mattes[index])),
          codes.map((code) => code / 255),
        ) < 1e-7,
      );
    });
  });

  test(`focus and circle of confusion of ${name}, on every scale`, async () => {
    const {
      header: {
        photo: { width, height },
      },
      header,
      scene,
    } = await opened(name);
    assert.deepEqual([scene.rows, scene.columns], [height, width]);
    const pixels = [];
    for (let y = 0; y < height; y += STRIDE) {
      for (let x = 0; x < width; x += STRIDE) pixels.push([(x + 0.5) / width, (y + 0.5) / height]);
    }
    header.layers.forEach((entry, index) => {
      for (const { scale, scaled, ends, curves } of layers[index].focus) {
        const what = `${entry.name} on ${scale}`;
        const map = scaledMap(scene, index, scale);
        const own = pixels.map(([x, y]) => map(x, y));
        assert.ok(largest(own, scaled) < 1e-5, what);
        if (!entry.flat)
          {assert.ok(
            largest(scaleRange(entry, header.layers, scale), ends) < 1e-5 * (1 + ends[1]),
            what,
          );}
        for (const { threshold, softness, values } of curves) {
          // A steep step makes more of what float32 has rounded.
          const tolerance = 1e-5 * Math.max(1, 0.5 / softness);
          const even = scaledMap(scene, index, scale, { even: threshold });
          const field = pixels.map(([x, y]) => even(x, y));
          const radii = field.map((value) =>
            circleOfConfusion(focusOf(value, threshold, softness), 1),
          );
          assert.ok(
            largest(
              radii,
              values.map((focus) => 1 - focus),
            ) < tolerance,
            `${what}, ${threshold} ± ${softness}`,
          );
        }
      }
    });
  });

  test(`the sharp share of ${name}, as it is messages in words`, async () => {
    const { header, scene } = await opened(name);
    header.layers.forEach((entry, index) => {
      for (const { scale, curves } of layers[index].focus) {
        for (const { threshold, softness, share } of curves) {
          const view = { ...expected.view, outline: false, scale, threshold, softness };
          near(focusOfView(scene, index, view).share, share, 0.02, `${entry.name} on ${scale}`);
        }
      }
    });
  });
}

test("a thumbnail has the colours of Python's table", { skip }, async () => {
  const {
    header: {
      photo: { width, height },
    },
    scene,
  } = await opened("squash many");
  const table = Uint8Array.from(expected.colours);
  assert.equal(table.length, 768);
  const codes = thumbnail(scene, 0, expected.view, table, width, height);
  const { scaled } = expected.contents["squash many"].layers[0].focus.find(
    ({ scale }) => scale === "layer",
  );
  let at = 0;
  for (let y = 0; y < height; y += STRIDE) {
    for (let x = 0; x < width; x += STRIDE, at++) {
      const code = 255 * scaled[at];
      if (Math.abs(code - Math.floor(code) - 0.5) < 0.01) continue; // either of two colours
      const from = 4 * (y * width + x);
      assert.deepEqual(
        codes.subarray(from, from + 3),
        Uint8ClampedArray.from(table.subarray(3 * Math.round(code), 3 * Math.round(code) + 3)),
      );
    }
  }
});
