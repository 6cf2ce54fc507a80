import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ladder, largestRadius } from "../../../attnviz/ui/viewer/js/optics.js";
import { Renderer } from "../../../attnviz/ui/viewer/js/renderer.js";
import { WHOLE } from "../../../attnviz/ui/viewer/js/zoom.js";
import { MATTES, scene, table, VIEW } from "./examples.js";
import { FakeGl, shaders } from "./fake_gl.js";
import { near } from "./fakes.js";

const CANVAS = { width: 808, height: 320 };
const PANES = [
  { x: 0, y: 0, width: 400, height: 300 },
  { x: 408, y: 10, width: 400, height: 300 },
];
const LEVELS = ladder(largestRadius(512, 384)).length;
let gl, renderer;

beforeEach(() => {
  gl = new FakeGl();
  renderer = new Renderer(gl, {
    shaders: shaders(),
    colours: { inferno: table(), magma: table() },
  });
  renderer.load(scene());
});

const draw = (view = VIEW, position = 1, panes = PANES) => {
  gl.draws.splice(0);
  renderer.draw(view, position, WHOLE, panes, CANVAS);
  return gl.draws.filter(({ program }) => program === renderer.show.handle);
};
const baked = () => gl.draws.filter(({ program }) => program === renderer.bake.handle);
const refineAll = (view = VIEW, position = 1) => {
  let bands = 1;
  while (!renderer.refineBand(view, position)) bands += 1;
  return bands;
};

test("whatever draws has a value for every uniform that its shaders declare", () => {
  draw();
  refineAll();
  assert.equal(new Set(gl.draws.map(({ program }) => program)).size, 3);
  for (const { program, values, textures } of gl.draws) {
    for (const name of gl.uniforms(program)) {
      const value = values[name.replace("[0]", "")];
      assert.notEqual(value, undefined, `${name} was never set`);
      if (/sampler/.test(program.sources.join().match(new RegExp(`uniform (\\w+) ${name}`))?.[1])) {
        assert.ok(textures[value]?.[1], `${name} has no texture in unit ${value}`);
      }
    }
  }
});

test("no two kinds of sampler share a unit, and nothing is read while it is drawn into", () => {
  draw();
  refineAll();
  for (const { program, values, textures, target } of gl.draws) {
    const samplers = [...program.sources.join("\n").matchAll(/uniform (sampler\w+) (\w+);/g)];
    for (const [, kind, name] of samplers) {
      const [bound, texture] = textures[values[name]];
      assert.equal(bound, kind === "sampler2DArray" ? "TEXTURE_2D_ARRAY" : "TEXTURE_2D", name);
      assert.notEqual(texture, target, `${name} is what is drawn into`);
    }
  }
});

test("each pane is drawn where it stands, from below, with its own surface", () => {
  const [left, right] = draw();
  assert.deepEqual(
    [left.scissor, right.scissor],
    [
      [0, 20, 400, 300],
      [408, 10, 400, 300],
    ],
  );
  assert.deepEqual(
    [left.values.uSurfaces, right.values.uSurfaces],
    [
      [1, 1],
      [2, 2],
    ],
  );
  assert.deepEqual(left.viewport, [0, 0, 808, 320]);
  assert.equal(left.target, null, "the canvas");
});

test("split and single views are one pane, with the divider where it belongs", () => {
  const [split] = draw({ ...VIEW, mode: "split", wipe: 0.3, left: "photo" }, 1, PANES.slice(0, 1));
  assert.deepEqual([split.values.uSurfaces, split.values.uWipe], [[0, 2], [0.3]]);
  const [heat] = draw({ ...VIEW, mode: "heat" }, 1, PANES.slice(0, 1));
  assert.deepEqual([heat.values.uSurfaces, heat.values.uWipe], [[2, 2], [1]]);
});

test("the discs are baked once for each photo, opening and bloom", () => {
  draw();
  assert.equal(baked().length, LEVELS);
  assert.deepEqual(
    baked().map(({ values }) => values.uDisc[0]),
    ladder(largestRadius(512, 384)).map(({ radius }) => radius),
  );
  assert.ok(
    baked().every(
      ({ target, scissor, values }) =>
        target === renderer.loaded.atlas && scissor.join() === values.uPlace.join(),
    ),
  );
  draw({ ...VIEW, radius: 0.01, threshold: 0.9, mode: "bokeh" }, 2);
  assert.equal(baked().length, 0);
  draw({ ...VIEW, aperture: "hexagon" });
  assert.deepEqual(
    baked().map(({ values }) => values.uCorners),
    Array(LEVELS).fill(6),
  );
  draw({ ...VIEW, aperture: "hexagon", highlights: 2 });
  assert.equal(baked().length, LEVELS);
  renderer.load(scene());
  draw({ ...VIEW, aperture: "hexagon", highlights: 2 });
  assert.equal(baked().length, LEVELS);
});

test("drawing uploads nothing: a picture's textures are made once", () => {
  const before = ["createTexture", "texImage2D", "texImage3D"].map((name) => gl.times(name));
  for (const position of [0, 0.5, 1, 2]) draw(VIEW, position);
  refineAll();
  assert.deepEqual(
    ["createTexture", "texImage2D", "texImage3D"].map((name) => gl.times(name)),
    before,
  );
});

test("another picture takes the place of the one before, whose textures are freed", () => {
  const { photo, field, atlas, refined } = renderer.loaded;
  renderer.load(scene({ id: "two" }));
  for (const texture of [photo, field, atlas, refined])
    assert.equal(gl.times("deleteTexture", texture), 1);
  assert.notEqual(renderer.loaded.photo, photo);
  renderer.free();
  renderer.free();
  assert.equal(renderer.loaded, null);
  assert.deepEqual(draw(), [], "and nothing to draw is no error");
});

test("between two layers both are given, with their own stretch", () => {
  const [{ values }] = draw({ ...VIEW, scale: "all-layers" }, 0.25);
  assert.deepEqual([values.uLayers, values.uMix], [[0, 1], [0.25]]);
  const want = [2 / 11, 0, 10 / 11, 1 / 11];
  values.uStretch.forEach((value, i) => near(value, want[i]));
  const [last] = draw(VIEW, 2);
  assert.deepEqual(
    [last.values.uLayers, last.values.uMix, last.values.uStretch],
    [[2, 2], [0], [0, 0.25, 0, 0.25]],
  );
  assert.deepEqual(
    last.values.uFieldStretch,
    [0, 0.5, 0, 0.5],
    "a flat map is half sharp, and half hot",
  );
});

test("radius, threshold and softness come from the view", () => {
  const [{ values }] = draw({ ...VIEW, radius: 0.05, threshold: 0.3, softness: 0.7, opacity: 0.4 });
  near(values.uRadius[0], 0.05 * 640);
  assert.deepEqual(
    [values.uCurve, values.uOpacity, values.uBox],
    [[0.3, 0.7], [0.4], [0, 0.5, 1, 1]],
  );
});

test("with outlines the focus is the mattes', and the heat stays the map's", () => {
  renderer.load(scene({ mattes: MATTES }));
  const [{ values, textures }] = draw({ ...VIEW, outline: true });
  assert.equal(textures[values.uMaps][1], renderer.loaded.mattes);
  assert.equal(textures[values.uField][1], renderer.loaded.field);
  assert.deepEqual(
    [values.uStretch, values.uBox],
    [
      [1, 0, 1, 0],
      [0, 0, 1, 1],
    ],
  );
  assert.deepEqual(
    [values.uFieldStretch, values.uFieldBox],
    [
      [1, 0, 0, 0.5],
      [0, 0.5, 1, 1],
    ],
  );
  renderer.load(scene());
  const [plain] = draw({ ...VIEW, outline: true });
  assert.equal(
    plain.textures[plain.values.uMaps][1],
    renderer.loaded.field,
    "before the mattes are there",
  );
});

test("the exact picture is made in 16 bands that cover every row once", () => {
  assert.equal(renderer.isRefined, false);
  gl.draws.splice(0);
  assert.equal(refineAll(), 16);
  assert.equal(renderer.isRefined, true);
  const rows = gl.draws.flatMap(({ scissor: [, from, , count] }) =>
    Array.from({ length: count }, (_, i) => from + i),
  );
  assert.deepEqual(
    rows,
    Array.from({ length: 384 }, (_, i) => i),
  );
  assert.ok(
    gl.draws.every(
      ({ target, scissor }) => target === renderer.loaded.refined && scissor[2] === 512,
    ),
  );
  assert.equal(renderer.refineBand(VIEW, 1), true);
  assert.equal(gl.draws.length, 16, "and no more than that");
});

test("it is shown when it is complete, with its smaller copies, until something changes", () => {
  const before = gl.times("generateMipmap");
  renderer.refineBand(VIEW, 1);
  assert.equal(draw()[0].values.uIsRefined, 0);
  assert.equal(gl.times("generateMipmap"), before);
  refineAll();
  assert.equal(gl.times("generateMipmap"), before + 1);
  assert.equal(draw()[0].values.uIsRefined, 1);
  renderer.restart();
  assert.equal(draw()[0].values.uIsRefined, 0);
});

test("only a blurred picture on the stage needs it", () => {
  assert.equal(renderer.needsRefining(VIEW), true);
  assert.equal(renderer.needsRefining({ ...VIEW, radius: 0 }), false);
  assert.equal(renderer.needsRefining({ ...VIEW, mode: "heat" }), false);
  assert.equal(
    renderer.needsRefining({ ...VIEW, mode: "split", left: "photo", right: "bokeh" }),
    true,
  );
});

test("a lost context draws nothing and waits for nothing", () => {
  gl.lost = true;
  assert.deepEqual(draw(), []);
  assert.equal(renderer.refineBand(VIEW, 1), true);
});

test("the exact picture can be read back", () => {
  const codes = renderer.readRefined();
  assert.equal(codes.length, 4 * 512 * 384);
  assert.deepEqual([codes[0], codes[4 * 512]], [9, 7]);
});
