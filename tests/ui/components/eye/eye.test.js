// The eye as a whole: nothing before its picture is there, no graphics, and where the gaze goes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

import { Eye } from "../../../../attnviz/ui/components/eye/js/eye.js";
import { Fovea } from "../../../../attnviz/ui/components/eye/js/fovea.js";
import { mount } from "../../../../attnviz/ui/components/eye/js/main.js";
import { Builder } from "../../../../attnviz/ui/components/eye/js/pyramid.js";
import { readScene } from "../../../../attnviz/ui/components/eye/js/scene.js";
import { Showing } from "../../../../attnviz/ui/components/eye/js/showing.js";
import { FakeGl, shaders } from "../base/fake_gl.js";
import { installPage, make } from "../base/fakes.js";

const HTML = readFileSync(new URL("../../../../attnviz/ui/components/eye/eye.html", import.meta.url), "utf8");
const OWN = ["area.frag.glsl", "blur.frag.glsl", "enlarge.frag.glsl", "fovea.frag.glsl"];

function sources() {
  const all = shaders();
  for (const name of OWN) {
    const text = readFileSync(new URL(`../../../../attnviz/ui/components/eye/glsl/${name}`, import.meta.url), "utf8");
    all[name] = text.replace('#include "srgb.glsl"', all["srgb.glsl"]);
  }
  return all;
}

/** A context that can draw into textures of light, or not. */
function context(able = true) {
  const gl = new FakeGl();
  gl.extensions = able ? ["EXT_color_buffer_float"] : [];
  return gl;
}

/** The component's elements by class, without their order: all that the eye's code asks for. */
function place(gl) {
  const canvas = make("canvas", { gl });
  const parts = [...HTML.matchAll(/<(\w+)[^>]*class="([\w-]+)[^"]*"/g)]
    .filter(([, , name]) => !["eye", "stage", "count", "speed", "fundus"].includes(name))
    .map(([, tag, name]) => make(`${tag}.${name}`));
  const root = make("div.eye", {},
    make("div.stage", { clientWidth: 600 }, canvas), ...parts,
    make("label.count", {}, make("b"), make("input")), make("label.speed", {}, make("select", { value: "10" })),
    make("div.fundus", {}, make("canvas"), make("svg")));
  for (const one of root.descendants()) one.setAttribute = () => {};
  return { root: make("div", {}, root), canvas };
}

let messages;

beforeEach(() => {
  installPage();
  window.localStorage = { getItem: () => null, setItem() {} };
  window.screen = { width: 1920 };
  messages = [];
});

const component = (parentElement, data) => ({
  parentElement, data,
  setStateValue: (...given) => messages.push(given), setTriggerValue: (...given) => messages.push(given),
});

test("before its picture is there the eye looks nowhere, and says nothing", () => {
  const { root, canvas } = place(context());
  const close = mount(component(root, null), { shaders: sources() });
  const { eye } = canvas;
  assert.ok(eye instanceof Eye && eye.renderer instanceof Fovea && eye.showing instanceof Showing);
  canvas.bounds = { left: 0, top: 0, width: 600, height: 400 };
  for (const type of ["pointermove", "pointerdown", "pointerup", "pointerleave"]) {
    canvas.dispatch(type, { clientX: 60, clientY: 40, pointerType: "mouse", button: 0 });
  }
  for (const key of ["ArrowLeft", "Enter", " ", "f", "]"]) {
    assert.equal(canvas.dispatch("keydown", { key }).defaultPrevented, false, key);
  }
  root.querySelector(".want").onclick();
  root.querySelector(".add").onclick();
  root.querySelector(".play").onclick();
  eye.refresh();
  assert.equal(eye.mode, "follow");
  assert.deepEqual(messages, []);
  assert.equal(canvas.dataset.frames, undefined);
  close();
});

test("without WebGL2, or without textures of light, the server hears of it and takes over", (t) => {
  t.mock.method(console, "error", () => {});
  for (const gl of [null, context(false)]) {
    messages = [];
    const { root } = place(gl);
    const close = mount(component(root, new Uint8Array(8)), { shaders: sources() });
    assert.deepEqual(messages, [["webgl", false]]);
    close();
  }
  assert.throws(() => new Builder(context(false), sources()), /textures of light/);
});

test("a parcel that cannot be read hands over to the server as well", async (t) => {
  const said = t.mock.method(console, "error", () => {}).mock;
  await assert.rejects(readScene(Uint8Array.from([9, 0, 0, 0, 1])));
  const { root } = place(context());
  mount(component(root, Uint8Array.from([9, 0, 0, 0, 1])), { shaders: sources() });
  await new Promise((done) => setImmediate(() => setImmediate(done)));
  assert.deepEqual(messages, [["webgl", false]]);
  assert.match(String(said.calls[0].arguments[0]), /eye/);
});

test("a call that comes later keeps the eye, and the last one to go closes it", () => {
  const { root, canvas } = place(context());
  const first = mount(component(root, null), { shaders: sources() });
  const second = mount(component(root, null), { shaders: sources() });
  first();
  assert.equal(canvas.eye.closed, false);
  second();
  assert.equal(canvas.eye.closed, true);
});

test("every uniform that the shaders declare is given, fixations beyond sixteen are let go", () => {
  const gl = context();
  const renderer = new Fovea(gl, sources());
  renderer.load({ width: 300, height: 201 });
  const looks = Array.from({ length: 20 }, (_, i) => ({ x: i, y: i }));
  const retina = { leastContrast: 1 / 64, decay: 0.106, halfAngle: 2.3, coarser: 4 };
  renderer.draw({ fixations: looks, retina, perDegree: 35 }, { width: 300, height: 201 });
  for (const { program, values } of gl.draws) {
    for (const name of gl.uniforms(program)) {
      assert.notEqual(values[name.replace("[0]", "")], undefined, `${name} was never set`);
    }
  }
  const { values, viewport } = gl.draws.at(-1);
  assert.deepEqual(viewport, [0, 0, 300, 201]);
  assert.deepEqual(values.uFixations.slice(0, 2), [4, 4]);
  assert.deepEqual([values.uFixations.length, values.uCount], [32, 16]);
  renderer.free();
  assert.equal(renderer.loaded, null);
});
