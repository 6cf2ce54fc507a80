import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Schedule, inBands } from "../../../../attnviz/ui/components/base/js/schedule.js";
import { VIEW } from "./examples.js";
import { FakeGl } from "./fake_gl.js";
import { installPage, make } from "./fakes.js";

const BANDS = 3;
let clock, host, schedule, canvas, events;

beforeEach(() => {
  ({ clock } = installPage());
  events = [];
  canvas = make("canvas");
  const renderer = {
    gl: new FakeGl(),
    band: BANDS,
    needs: true,
    paces: [],
    paced(ms) {
      this.paces.push(ms);
    },
    restart() {
      this.band = 0;
      events.push("restart");
    },
    get isRefined() {
      return this.band >= BANDS;
    },
    needsRefining() {
      return this.needs;
    },
    refineBand() {
      this.band += 1;
      events.push(`band ${this.band}`);
      return this.isRefined;
    },
  };
  host = {
    view: { ...VIEW },
    position: 1,
    scene: { header: { id: "one" } },
    renderer,
    parts: { canvas },
    draw: () => events.push("draw"),
  };
  schedule = new Schedule(host);
});

const until = (count) => {
  for (let i = 0; i < count; i++) clock.frame();
};
const happened = () => events.splice(0);

test("many asks within a frame draw once", () => {
  for (let i = 0; i < 50; i++) schedule.ask();
  assert.deepEqual(happened(), []);
  clock.frame();
  assert.deepEqual(happened(), ["restart", "draw"]);
  assert.deepEqual([canvas.dataset.frames, canvas.dataset.final], ["1", "0"]);
});

test("the exact picture begins after 180 ms of stillness, one band a frame, and is then drawn", () => {
  schedule.ask();
  clock.frame();
  happened();
  clock.advance(179);
  assert.deepEqual(happened(), []);
  clock.advance(1);
  assert.deepEqual(happened(), ["band 1"]);
  until(1);
  assert.deepEqual(happened(), ["band 2"]);
  until(1);
  assert.deepEqual(happened(), ["band 3"]);
  assert.equal(canvas.dataset.final, "0");
  until(1);
  assert.deepEqual(happened(), ["draw"]);
  assert.equal(canvas.dataset.final, "1");
  assert.equal(clock.frame(1000), 0, "then there is nothing left to do");
});

test("while it keeps changing, it does not begin", () => {
  for (let i = 0; i < 10; i++) {
    schedule.ask();
    clock.frame(20);
    clock.advance(140);
  }
  assert.ok(!happened().some((one) => one.startsWith("band")));
});

test("a change in the middle starts it anew", () => {
  schedule.ask();
  clock.frame();
  clock.advance(180);
  until(1);
  assert.deepEqual(happened(), ["restart", "draw", "band 1", "band 2"]);
  host.view = { ...host.view, radius: 0.03 };
  schedule.ask();
  until(1);
  assert.deepEqual(happened(), ["restart", "draw"], "and no more bands of the old one");
  clock.advance(180);
  until(3);
  assert.deepEqual(happened(), ["band 1", "band 2", "band 3", "draw"]);
});

test("zooming in the middle goes on where it was", () => {
  schedule.ask();
  clock.frame();
  clock.advance(180);
  happened();
  schedule.ask();
  until(1);
  clock.advance(180);
  until(2);
  assert.deepEqual(happened(), ["draw", "band 2", "band 3", "draw"]);
});

test("all that the exact picture depends on makes it new, and nothing else does", () => {
  const before = schedule.signature();
  const other = {
    radius: 0,
    threshold: 0,
    softness: 1,
    scale: "absolute",
    outline: true,
    aperture: "octagon",
    highlights: 3,
  };
  for (const [name, value] of Object.entries(other)) {
    host.view = { ...VIEW, [name]: value };
    assert.notEqual(schedule.signature(), before, name);
  }
  host.view = {
    ...VIEW,
    opacity: 0.1,
    colours: "magma",
    mode: "heat",
    wipe: 0.1,
    left: "photo",
    speed: 8,
    blend: false,
  };
  assert.equal(schedule.signature(), before);
  host.position = 1.5;
  assert.notEqual(schedule.signature(), before);
  host.position = 1;
  host.scene = { header: { id: "two" } };
  assert.notEqual(schedule.signature(), before);
});

test("where no focus picture is shown, all is final at once", () => {
  host.renderer.needs = false;
  schedule.ask();
  clock.frame();
  clock.advance(180);
  assert.deepEqual(happened(), ["restart", "draw"]);
  assert.equal(canvas.dataset.final, "1");
});

test("a slow card is waited for, and its fence is given back", () => {
  schedule.ask();
  clock.frame();
  host.renderer.gl.unsignalled = 5;
  clock.advance(180);
  until(5);
  assert.deepEqual(happened(), ["restart", "draw", "band 1"]);
  assert.equal(host.renderer.gl.times("deleteSync"), 0);
  until(1);
  assert.deepEqual(happened(), ["band 2"]);
  assert.equal(host.renderer.gl.times("deleteSync"), 1);
});

test("a context that is lost meanwhile ends it without a word", () => {
  schedule.ask();
  clock.frame();
  clock.advance(180);
  happened();
  host.renderer.gl.lost = true;
  until(3);
  assert.deepEqual(happened(), []);
  assert.equal(clock.frames.size, 0);
});

test("stopped, it does nothing; asked again, it makes everything new", () => {
  schedule.ask();
  clock.frame();
  schedule.ask();
  schedule.stop();
  assert.equal(clock.frame(1000), 0);
  happened();
  schedule.ask();
  clock.frame();
  assert.deepEqual(happened(), ["restart", "draw"]);
});

test("the renderer learns how long each band took, until its fence was passed", () => {
  schedule.ask();
  clock.frame();
  host.renderer.gl.unsignalled = 2;
  clock.advance(180);
  for (let i = 0; i < 5; i++) clock.frame(20);
  assert.deepEqual(host.renderer.paces, [60, 20, 20]);
});

test("bands alone come one a frame, end once, and can be called off in between", () => {
  let ended = 0;
  host.renderer.band = 0;
  inBands(host.renderer, host.view, 1, () => ended++);
  assert.deepEqual(happened(), ["band 1"]);
  until(BANDS);
  assert.deepEqual([happened(), ended], [["band 2", "band 3"], 1]);
  host.renderer.band = 0;
  const cancel = inBands(host.renderer, host.view, 1, () => ended++);
  cancel();
  until(BANDS);
  assert.deepEqual([happened(), ended], [["band 1"], 1]);
});
