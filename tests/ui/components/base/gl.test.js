import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import {
  codesTexture,
  colourTexture,
  defined,
  lightTexture,
  openContext,
  photoTexture,
  plainSampler,
  plainTexture,
  planesTexture,
  program,
  setFloats,
  setIntegers,
  setTextures,
} from "../../../../attnviz/ui/components/base/js/gl.js";
import { FakeGl } from "./fake_gl.js";

const VERTEX = "void main() {}";
const FRAGMENT =
  "uniform float uOne;\nuniform vec4 uMany[10];\nuniform ivec2 uPair;\nuniform sampler2D uPhoto;\n";
let gl;

beforeEach(() => {
  gl = new FakeGl();
});

const call = (name) => gl.calls.filter(([called]) => called === name).map(([, ...given]) => given);

test("the context keeps its drawing, so that it can be saved", () => {
  const asked = [];
  const canvas = {
    getContext: (...given) => {
      asked.push(given);
      return null;
    },
  };
  assert.equal(openContext(canvas), null);
  const [[kind, options]] = asked;
  assert.equal(kind, "webgl2");
  assert.equal(options.preserveDrawingBuffer, true);
  assert.equal(options.depth || options.stencil || options.antialias, false);
});

test("a program knows its uniforms by name, arrays without their index", () => {
  const { handle, places } = program(gl, VERTEX, FRAGMENT);
  assert.deepEqual(Object.keys(places), ["uOne", "uMany", "uPair", "uPhoto"]);
  assert.deepEqual(handle.sources, [VERTEX, FRAGMENT]);
});

test("what fails to compile or link says why", () => {
  gl.failing = "shader";
  assert.throws(() => program(gl, VERTEX, FRAGMENT), /shader: 0:7: syntax error/);
  gl.failing = "program";
  assert.throws(() => program(gl, VERTEX, FRAGMENT), /program: varyings differ/);
});

test("a lost context is no error: it comes back", () => {
  Object.assign(gl, { failing: "shader", lost: true });
  assert.deepEqual(program(gl, VERTEX, FRAGMENT).places, {});
});

test("numbers and arrays go to the uniforms of their size; unknown ones are left out", () => {
  const made = program(gl, VERTEX, FRAGMENT);
  setFloats(gl, made, { uOne: 0.5, uMany: [1, 2, 3, 4], uNone: 7 });
  setIntegers(gl, made, { uPair: [3, 4], uPhoto: 2, uNone: 1 });
  assert.deepEqual(made.handle.values, {
    uOne: [0.5],
    uMany: [1, 2, 3, 4],
    uPair: [3, 4],
    uPhoto: 2,
  });
  setFloats(gl, made, { uOne: 0 });
  setIntegers(gl, made, { uPhoto: true });
  assert.deepEqual(
    [made.handle.values.uOne, made.handle.values.uPhoto],
    [[0], 1],
    "0 and false are values",
  );
});

test("two and three numbers have their setters as well", () => {
  const made = program(gl, VERTEX, "uniform vec2 uTwo;\nuniform vec3 uThree;\n");
  setFloats(gl, made, { uTwo: [1, 2], uThree: [1, 2, 3] });
  assert.deepEqual([call("uniform2fv").length, call("uniform3fv").length], [1, 1]);
});

test("textures get their units in order", () => {
  const made = program(gl, VERTEX, FRAGMENT);
  const [one, two] = [{}, {}];
  setTextures(gl, made, { uNone: ["TEXTURE_2D", one], uPhoto: ["TEXTURE_2D_ARRAY", two] });
  assert.deepEqual(gl.state.textures, { 0: ["TEXTURE_2D", one], 1: ["TEXTURE_2D_ARRAY", two] });
  assert.equal(made.handle.values.uPhoto, 1);
});

test("the photo is sRGB with all its smaller copies", () => {
  const bitmap = { width: 3, height: 2 };
  const texture = photoTexture(gl, bitmap);
  assert.equal(gl.state.textures[0][1], texture);
  assert.deepEqual(call("texImage2D"), [
    ["TEXTURE_2D", 0, "SRGB8_ALPHA8", "RGBA", "UNSIGNED_BYTE", bitmap],
  ]);
  assert.equal(gl.times("generateMipmap"), 1);
  assert.equal(
    gl.times("texParameteri", "TEXTURE_2D", "TEXTURE_MIN_FILTER", "LINEAR_MIPMAP_LINEAR"),
    1,
  );
});

test("light has room for all its smaller copies", () => {
  lightTexture(gl, 1000, 600);
  lightTexture(gl, 2, 1024);
  lightTexture(gl, 1, 1);
  assert.deepEqual(call("texStorage2D"), [
    ["TEXTURE_2D", 10, "SRGB8_ALPHA8", 1000, 600],
    ["TEXTURE_2D", 11, "SRGB8_ALPHA8", 2, 1024],
    ["TEXTURE_2D", 1, "SRGB8_ALPHA8", 1, 1],
  ]);
  assert.equal(
    gl.times("texParameteri", "TEXTURE_2D", "TEXTURE_MIN_FILTER", "LINEAR_MIPMAP_LINEAR"),
    3,
  );
});

test("the photo's codes are kept as they were stored, without copies", () => {
  const bitmap = { width: 3, height: 2 };
  codesTexture(gl, bitmap);
  assert.deepEqual(call("texImage2D"), [
    ["TEXTURE_2D", 0, "RGBA8", "RGBA", "UNSIGNED_BYTE", bitmap],
  ]);
  assert.equal(gl.times("generateMipmap"), 0);
});

test("plain numbers have one copy, and no curve of light", () => {
  const texture = plainTexture(gl, 1000, 600);
  assert.equal(gl.state.textures[0][1], texture);
  assert.deepEqual(call("texStorage2D"), [["TEXTURE_2D", 1, "RGBA8", 1000, 600]]);
  assert.equal(gl.times("texParameteri", "TEXTURE_2D", "TEXTURE_MIN_FILTER", "LINEAR"), 1);
});

test("a plain sampler looks at one copy alone, not beyond the edge", () => {
  const sampler = plainSampler(gl);
  assert.deepEqual(call("samplerParameteri"), [
    [sampler, "TEXTURE_MIN_FILTER", "LINEAR"],
    [sampler, "TEXTURE_MAG_FILTER", "LINEAR"],
    [sampler, "TEXTURE_WRAP_S", "CLAMP_TO_EDGE"],
    [sampler, "TEXTURE_WRAP_T", "CLAMP_TO_EDGE"],
  ]);
});

test("defines come after the version, which must stay first", () => {
  const source = "#version 300 es\nvoid main() {}\n";
  assert.equal(
    defined(source, ["HEAT", "BLEND"]),
    "#version 300 es\n#define HEAT\n#define BLEND\nvoid main() {}\n",
  );
  assert.equal(defined(source, []), source);
});

test("planes are stacked one behind the other", () => {
  planesTexture(gl, [Float32Array.of(1, 2), Float32Array.of(3, 4)], 1, 2);
  const [[target, , inner, columns, rows, count, , format, type, all]] = call("texImage3D");
  assert.deepEqual(
    [target, inner, columns, rows, count, format, type],
    ["TEXTURE_2D_ARRAY", "R16F", 2, 1, 2, "RED", "FLOAT"],
  );
  assert.deepEqual([...all], [1, 2, 3, 4]);
});

test("a colour table is read byte by byte and never mixed", () => {
  const table = new Uint8Array(768);
  colourTexture(gl, table);
  assert.deepEqual(call("pixelStorei"), [["UNPACK_ALIGNMENT", 1]]);
  assert.deepEqual(call("texImage2D")[0].slice(2), [
    "RGB8",
    256,
    1,
    0,
    "RGB",
    "UNSIGNED_BYTE",
    table,
  ]);
  assert.equal(gl.times("texParameteri", "TEXTURE_2D", "TEXTURE_MAG_FILTER", "NEAREST"), 1);
});
