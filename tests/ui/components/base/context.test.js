// The GPU's context: without one, losing it, getting it back, and giving up.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { openRenderer } from "../../../../attnviz/ui/components/base/js/context.js";
import { Renderer } from "../../../../attnviz/ui/components/base/js/renderer.js";
import { table } from "./examples.js";
import { FakeGl, shaders } from "./fake_gl.js";
import { installPage, make } from "./fakes.js";
import { openPage } from "./page.js";

let clock, canvas, gl, host, events;

beforeEach(() => {
  ({ clock } = installPage());
  gl = new FakeGl();
  canvas = make("canvas", { gl });
  events = [];
  host = {
    closed: false,
    assets: { shaders: shaders(), colours: { inferno: table() } },
    schedule: { stop: () => events.push("stop") },
    makeRenderer: (context) => new Renderer(context, host.assets),
    restored: () => events.push("restored"),
    giveUp: () => events.push("give up"),
  };
});

const refuse = () => {
  throw new Error("no memory");
};
const lose = () => {
  gl.lost = true;
  return canvas.dispatch("webglcontextlost");
};

test("a canvas with WebGL2 has a renderer, one without has none", () => {
  openRenderer(canvas, host);
  assert.ok(host.renderer instanceof Renderer);
  assert.equal(host.renderer.gl, gl);
  canvas.gl = null;
  openRenderer(canvas, host);
  assert.equal(host.renderer, null);
  assert.deepEqual(events, []);
});

test("a card that refuses is as good as none, and the console says why", (context) => {
  const logged = context.mock.method(console, "error", () => {}).mock;
  gl.createFramebuffer = refuse;
  openRenderer(canvas, host);
  assert.equal(host.renderer, null);
  assert.match(String(logged.calls[0].arguments[1]), /no memory/);
});

test("a context that comes back has a new renderer, and nobody gives up", () => {
  openRenderer(canvas, host);
  const { renderer } = host;
  assert.equal(lose().defaultPrevented, true, "or the browser would never restore it");
  assert.deepEqual([events, canvas.dataset.lost], [["stop"], "1"]);
  clock.advance(3999);
  gl.lost = false;
  canvas.dispatch("webglcontextrestored");
  assert.deepEqual([events, canvas.dataset.lost], [["stop", "restored"], undefined]);
  assert.notEqual(host.renderer, renderer);
  clock.advance(60000);
  assert.equal(events.length, 2);
});

test("a context that stays lost for four seconds is given up, once", () => {
  openRenderer(canvas, host);
  lose();
  clock.advance(3999);
  assert.deepEqual(events, ["stop"]);
  clock.advance(1);
  assert.deepEqual(events, ["stop", "give up"]);
  clock.advance(60000);
  assert.equal(events.length, 2);
});

test("while nobody looks, a context may be long in coming back", () => {
  openRenderer(canvas, host);
  lose();
  document.visibilityState = "hidden";
  clock.advance(3600_000);
  assert.deepEqual(events, ["stop"]);
  document.visibilityState = "visible";
  clock.advance(4000);
  assert.deepEqual(events, ["stop", "give up"]);
});

test("whoever has closed hears of no loss, no return, and does not give up", () => {
  openRenderer(canvas, host);
  lose();
  host.closed = true;
  clock.advance(10000);
  assert.equal(lose().defaultPrevented, false);
  canvas.dispatch("webglcontextrestored");
  clock.advance(10000);
  assert.deepEqual([events, clock.timers.size], [["stop"], 0]);
});

test("without WebGL2 the server is informed, and the user sees why", () => {
  const { canvas: stage, receive, sent, messages, part } = openPage();
  stage.gl = null;
  receive(sent());
  assert.deepEqual(messages, [["webgl", false]]);
  assert.match(part(".notice").textContent, /cannot draw with WebGL2/);
  const visible = part(".viewer").children.filter((node) => !node.hidden);
  assert.deepEqual(visible, [part(".notice")]);
});

test("the viewer stops drawing, and comes back with everything on it", async () => {
  const here = openPage();
  await here.shown();
  const { gl: card, canvas: stage } = here;
  card.lost = true;
  stage.dispatch("webglcontextlost");
  assert.equal(here.clock.frame(1000), 0);
  card.lost = false;
  const [stacks, draws] = [card.times("texImage3D"), card.draws.length];
  stage.dispatch("webglcontextrestored");
  here.clock.frame();
  assert.equal(card.times("texImage3D"), stacks + 1);
  assert.ok(card.draws.length > draws);
  here.clock.advance(10000);
  assert.deepEqual(here.messages, []);
});

test("the viewer tells the server when its context stays lost, or comes back unusable", async (context) => {
  const lost = openPage();
  await lost.shown();
  lost.gl.lost = true;
  lost.canvas.dispatch("webglcontextlost");
  lost.clock.advance(4000);
  assert.deepEqual(lost.messages, [["webgl", false]]);

  context.mock.method(console, "error", () => {});
  const back = openPage();
  await back.shown();
  back.canvas.dispatch("webglcontextlost");
  back.gl.createFramebuffer = refuse;
  back.canvas.dispatch("webglcontextrestored");
  assert.deepEqual(back.messages, [["webgl", false]]);
});
