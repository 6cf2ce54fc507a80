// What is drawn where, from what, and how the exact picture comes about.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ladder, largestRadius } from "../../../../attnviz/ui/components/base/js/optics.js";
import { Renderer } from "../../../../attnviz/ui/components/base/js/renderer.js";
import { drawing, ONE } from "./drawing.js";
import { MATTES, scene, VIEW } from "./examples.js";
import { near } from "./fakes.js";

const LEVELS = ladder(largestRadius(512, 384)).length;
let gl, renderer, kindOf, draw, baked, refineAll;

beforeEach(() => {
  ({ gl, renderer, kindOf, draw, baked, refineAll } = drawing());
});

test("a renderer without a picture is drawn and refined in vain", () => {
  const empty = new Renderer(gl, { shaders: renderer.shaders, colours: {} });
  gl.draws.splice(0);
  empty.draw(VIEW, 0, { scale: 1, x: 0.5, y: 0.5 }, ONE, { width: 8, height: 8 });
  assert.deepEqual([gl.draws, empty.isRefined, empty.refineBand(VIEW, 0)], [[], false, true]);
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
    [kindOf(left), kindOf(right)],
    ["show.frag.glsl DRAFT CODES", "show.frag.glsl HEAT CODES"],
  );
  assert.deepEqual([left.values.uPane, right.values.uPane], [
    [0, 0, 400, 300],
    [408, 10, 400, 300],
  ]);
  assert.deepEqual(left.viewport, [0, 0, 808, 320]);
  assert.equal(left.target, null, "the canvas");
});

test("split and single views are one pane, each surface in its own part of it", () => {
  const parts = (view) =>
    draw({ ...VIEW, ...view }, 1, ONE).map((one) => [
      kindOf(one).split(" ")[1],
      one.scissor,
    ]);
  assert.deepEqual(parts({ mode: "split", wipe: 0.3, left: "photo" }), [
    ["PHOTO", [0, 20, 120, 300]],
    ["HEAT", [120, 20, 280, 300]],
  ]);
  assert.deepEqual(parts({ mode: "split", wipe: 0, left: "photo" }), [
    ["HEAT", [0, 20, 400, 300]],
  ]);
  assert.deepEqual(parts({ mode: "heat", wipe: 0.3 }), [["HEAT", [0, 20, 400, 300]]]);
  assert.deepEqual(parts({ mode: "bokeh" }), [["DRAFT", [0, 20, 400, 300]]]);
});

test("a photo that is hardly reduced is sampled plainly, a smaller one from its copies", () => {
  const [whole] = draw({ ...VIEW, mode: "photo" }, 1, ONE);
  assert.deepEqual([whole.values.uLod, whole.samplers[0]], [[0], renderer.sampler]);
  const small = { x: 0, y: 0, width: 128, height: 96 };
  const [far] = draw({ ...VIEW, mode: "photo" }, 1, [small]);
  assert.deepEqual([far.values.uLod, far.samplers[0]], [[2], null]);
  const zoomed = { scale: 4, x: 0.5, y: 0.5 };
  const [close] = draw({ ...VIEW, mode: "photo" }, 1, [small], zoomed);
  assert.deepEqual([close.values.uLod, close.samplers[0]], [[0], renderer.sampler]);
  assert.equal(gl.state.samplers[0], null, "and nothing else is");
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
    {assert.equal(gl.times("deleteTexture", texture), 1);}
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
  const [last, hot] = draw(VIEW, 2);
  assert.deepEqual(
    [last.values.uLayers, last.values.uMix, last.values.uStretch],
    [[2, 2], [0], [0, 0.25, 0, 0.25]],
  );
  assert.deepEqual(hot.values.uStretch, [0, 0.5, 0, 0.5], "a flat map is half sharp, and half hot");
});

test("radius, threshold and softness come from the view", () => {
  const view = { ...VIEW, radius: 0.05, threshold: 0.3, softness: 0.7, opacity: 0.4 };
  const [{ values }, heat] = draw(view);
  near(values.uRadius[0], 0.05 * 640);
  assert.deepEqual(
    [values.uCurve, heat.values.uOpacity, values.uBox],
    [[0.3, 0.7], [0.4], [0, 0.5, 1, 1]],
  );
});

test("with outlines the focus is the mattes', and the heat stays the map's", () => {
  renderer.load(scene({ mattes: MATTES }));
  const [focus, heat] = draw({ ...VIEW, outline: true });
  const mapsOf = ({ values, textures }) => textures[values.uMaps][1];
  assert.equal(mapsOf(focus), renderer.loaded.mattes);
  assert.equal(mapsOf(heat), renderer.loaded.field);
  // A matte is brought to the scale as its map is, and was seen where that was.
  for (const { values } of [focus, heat]) assert.deepEqual(values.uBox, [0, 0.5, 1, 1]);
  assert.deepEqual(focus.values.uStretch, [1, 0, 0, 0.25]);
  assert.deepEqual(heat.values.uStretch, [1, 0, 0, 0.5]);
  gl.draws.splice(0);
  renderer.refineBand({ ...VIEW, outline: true }, 1);
  assert.deepEqual(gl.draws.map(kindOf), ["refine.frag.glsl OUTLINE"]);
  assert.equal(mapsOf(gl.draws[0]), renderer.loaded.mattes);
  renderer.load(scene());
  const [plain] = draw({ ...VIEW, outline: true });
  assert.equal(mapsOf(plain), renderer.loaded.field, "before the mattes are there");
});

test("the exact picture is made in bands that cover every row once", () => {
  assert.equal(renderer.isRefined, false);
  gl.draws.splice(0);
  assert.equal(refineAll(), 48, "8 rows each, while none is known to be quick");
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
  assert.equal(gl.draws.length, 48, "and no more than that");
});

test("it is shown when it is complete, with its smaller copies, until something changes", () => {
  const before = gl.times("generateMipmap");
  const shown = () => {
    const [focus] = draw();
    return [kindOf(focus).split(" ")[1], focus.textures[focus.values.uPhoto][1]];
  };
  const { codes, refined } = renderer.loaded;
  renderer.refineBand(VIEW, 1);
  assert.deepEqual(shown(), ["DRAFT", codes]);
  assert.equal(gl.times("generateMipmap"), before);
  refineAll();
  assert.equal(gl.times("generateMipmap"), before + 1);
  assert.deepEqual(shown(), ["REFINED", refined]);
  renderer.restart();
  assert.deepEqual(shown(), ["DRAFT", codes]);
});

test("bands grow while they are quick, and shrink when they are slow, within reason", () => {
  const rows = (...times) => {
    for (const ms of times) renderer.paced(ms);
    return renderer.rows;
  };
  assert.equal(renderer.rows, 8);
  assert.equal(rows(16), 16);
  assert.equal(rows(39.9), 32);
  assert.equal(rows(40, 60, 80), 32, "long enough, and not too long");
  assert.equal(rows(81), 16);
  assert.equal(rows(...Array(10).fill(500)), 4);
  assert.equal(rows(...Array(10).fill(5)), 512);
  assert.equal(refineAll(), 1, "384 rows in one go");
  assert.deepEqual(gl.draws.at(-1).scissor, [0, 0, 512, 384]);
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

test("a quick GPU takes more points for a disc, a slow one fewer; never both in one picture", () => {
  const points = () => {
    gl.draws.splice(0);
    renderer.refineBand(VIEW, 1);
    return gl.draws.at(-1).values.uCount;
  };
  assert.equal(points(), 56);
  renderer.rows = 128;
  assert.equal(points(), 56, "a picture ends as it began");
  renderer.restart();
  assert.equal(points(), 96);
});
