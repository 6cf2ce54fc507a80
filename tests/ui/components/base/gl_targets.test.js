// Textures to draw light into, and drawing into them.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { drawInto, halfFloatStack, halfFloatTexture, loseContext } from "../../../../attnviz/ui/components/base/js/gl.js";

let calls, gl;

/** A context in which constants are their names and calls are written down. */
beforeEach(() => {
  calls = [];
  gl = new Proxy({}, {
    get: (_, name) =>
      /^[A-Z]/.test(name) ? name : (...given) => {
        calls.push([name, ...given]);
        return name === "createTexture" ? "texture" : null;
      },
  });
});

const call = (name) => calls.filter(([called]) => called === name).map(([, ...given]) => given);

test("a half-float texture has room for its smaller copies where they are used", () => {
  assert.equal(halfFloatTexture(gl, [300, 200], true), "texture");
  halfFloatTexture(gl, [300, 200], false);
  assert.deepEqual(call("texStorage2D"), [
    ["TEXTURE_2D", 9, "RGBA16F", 300, 200], ["TEXTURE_2D", 1, "RGBA16F", 300, 200],
  ]);
  const minified = call("texParameteri").filter(([, name]) => name === "TEXTURE_MIN_FILTER");
  assert.deepEqual(minified.map(([, , how]) => how), ["LINEAR_MIPMAP_LINEAR", "LINEAR"]);
});

test("a stack has as many layers as are asked for, mixed linearly", () => {
  halfFloatStack(gl, [30, 20], 8);
  assert.deepEqual(call("texStorage3D"), [["TEXTURE_2D_ARRAY", 1, "RGBA16F", 30, 20, 8]]);
  assert.ok(call("texParameteri").every(([, , how]) => ["LINEAR", "CLAMP_TO_EDGE"].includes(how)));
});

test("drawing goes into a texture's part, or into a layer of a stack", () => {
  drawInto(gl, "frame", "texture", [1, 2, 30, 20]);
  drawInto(gl, "frame", "stack", [0, 0, 3, 2], 4);
  assert.deepEqual(call("framebufferTexture2D"), [["FRAMEBUFFER", "COLOR_ATTACHMENT0", "TEXTURE_2D", "texture", 0]]);
  assert.deepEqual(call("framebufferTextureLayer"), [["FRAMEBUFFER", "COLOR_ATTACHMENT0", "stack", 0, 4]]);
  assert.deepEqual(call("viewport"), [[1, 2, 30, 20], [0, 0, 3, 2]]);
});

test("a context is given back where the browser can, and there may be none", () => {
  let lost = 0;
  loseContext({ getExtension: () => ({ loseContext: () => lost++ }) });
  loseContext({ getExtension: () => null });
  loseContext(undefined);
  assert.equal(lost, 1);
});
