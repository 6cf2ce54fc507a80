// The renderer's programs: their variants, and that each is given all it declares.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { drawing } from "./drawing.js";
import { VIEW } from "./examples.js";

let gl, renderer, drawAll, made;

beforeEach(() => {
  made = drawing();
  ({ gl, renderer, drawAll } = made);
});

const LENS = ["uMaps", "uLayers", "uMix", "uStretch", "uBox", "uCurve", "uRadius"];
const SHOW = [...LENS, "uPhoto", "uPane", "uCanvasHeight", "uZoom", "uLod"];
const OPENING = ["uPhoto", "uPhotoSize", "uCount", "uCorners"];
const BLOOM = ["uClipped", "uHighlights"];
const UNIFORMS = {
  "show.frag.glsl PHOTO CODES": SHOW,
  "show.frag.glsl HEAT CODES": [...SHOW, "uColours", "uOpacity"],
  "show.frag.glsl DRAFT CODES": [...SHOW, "uAtlas", "uPlaces[0]", "uAtlasSize", "uLevels"],
  "show.frag.glsl REFINED": SHOW,
  "refine.frag.glsl": [...LENS, ...OPENING],
  "refine.frag.glsl OUTLINE": [...LENS, ...OPENING],
};

test("every variant of a program is made once, when it is needed, with its own uniforms", () => {
  assert.equal(renderer.programs.size, 0);
  drawAll();
  const wanted = Object.keys(UNIFORMS).flatMap((name) => [name, `${name} BLEND`]);
  assert.deepEqual([...renderer.programs.keys()].sort(), ["bake.frag.glsl", ...wanted].sort());
  for (const [name, { handle, places }] of renderer.programs) {
    const uniforms = UNIFORMS[name.replace(" BLEND", "")] ?? [...OPENING, "uPlace", "uDisc"];
    assert.deepEqual(gl.uniforms(handle).sort(), [...uniforms].sort(), name);
    assert.deepEqual(
      Object.keys(places).sort(),
      uniforms.map((one) => one.replace("[0]", "")).sort(),
      name,
    );
    const [version, ...lines] = handle.sources[1].split("\n");
    const defines = name.split(" ").slice(1).map((one) => `#define ${one}`);
    assert.equal(version, "#version 300 es");
    assert.deepEqual(lines.slice(0, defines.length), defines);
  }
  const links = gl.times("linkProgram");
  drawAll();
  assert.deepEqual([links, gl.times("linkProgram")], [13, 13]);
});

/** Every uniform that the shaders of a draw declare has a value, and every sampler a texture. */
function assertSet({ program, values, textures }) {
  for (const name of gl.uniforms(program)) {
    const value = values[name.replace("[0]", "")];
    assert.notEqual(value, undefined, `${name} was never set`);
    if (/sampler/.test(program.sources.join().match(new RegExp(`uniform (\\w+) ${name}`))?.[1])) {
      assert.ok(textures[value]?.[1], `${name} has no texture in unit ${value}`);
    }
  }
}

test("bloom has variants of its own, and the clipped lights are made once, when it is wanted", () => {
  const { draw, refineAll } = made;
  const view = { ...VIEW, highlights: 2 };
  draw(view);
  assert.ok(renderer.loaded.clipped);
  const once = gl.times("createTexture");
  refineAll(view);
  draw({ ...view, highlights: 3 });
  assert.equal(gl.times("createTexture"), once);
  for (const [name, base] of [["bake.frag.glsl BLOOM", [...OPENING, "uPlace", "uDisc"]],
    ["refine.frag.glsl BLOOM", [...LENS, ...OPENING]]]) {
    const { handle } = renderer.programs.get(name);
    assert.deepEqual(gl.uniforms(handle).sort(), [...base, ...BLOOM].sort(), name);
  }
  assert.deepEqual(gl.uniforms(renderer.programs.get("clipped.frag.glsl").handle), ["uPhoto"]);
  gl.draws.forEach(assertSet);
});

test("a reduced photo comes as light, for its smaller copies are of light", () => {
  const small = [{ x: 0, y: 0, width: 128, height: 96 }];
  made.draw({ ...VIEW, mode: "heat" }, 1, small);
  assert.ok(renderer.programs.has("show.frag.glsl HEAT"));
  gl.draws.forEach(assertSet);
});

test("whatever draws has a value for every uniform that its shaders declare", () => {
  const draws = drawAll();
  assert.equal(new Set(draws.map(({ program }) => program)).size, 13);
  draws.forEach(assertSet);
});

test("no two kinds of sampler share a unit, and nothing is read while it is drawn into", () => {
  for (const { program, values, textures, target } of drawAll()) {
    const samplers = [...program.sources.join("\n").matchAll(/uniform (sampler\w+) (\w+);/g)];
    const declared = gl.uniforms(program);
    for (const [, kind, name] of samplers) {
      if (!declared.includes(name)) continue;
      const [bound, texture] = textures[values[name]];
      assert.equal(bound, kind === "sampler2DArray" ? "TEXTURE_2D_ARRAY" : "TEXTURE_2D", name);
      assert.notEqual(texture, target, `${name} is what is drawn into`);
    }
  }
});
