import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Player } from "../../../../attnviz/ui/components/base/js/player.js";
import { installPage, near } from "./fakes.js";

let clock, motion, host, player;

beforeEach(() => {
  ({ clock, motion } = installPage());
  host = { view: { blend: true, speed: 2 }, position: 0, count: 3, moved: [], said: [] };
  host.moveTo = (position) => {
    host.position = position;
    host.moved.push(position);
  };
  host.playing = (now) => host.said.push(now);
  player = new Player(host);
});

test("it moves evenly, by the layers a second that were asked for", () => {
  player.start();
  for (let i = 0; i < 10; i++) clock.frame(25);
  near(host.position, 0.5);
  assert.equal(host.moved.length, 10);
  host.view.speed = 8;
  clock.frame(25);
  near(host.position, 0.7);
});

test("after the last layer comes the first", () => {
  host.position = 1.99;
  player.start();
  clock.frame(4);
  near(host.position, 1.998);
  clock.frame(16);
  assert.equal(host.position, 0);
});

test("a tab that was hidden for a minute goes on by no more than a layer", () => {
  player.start();
  clock.frame(60000);
  assert.equal(host.position, 1);
});

for (const [name, still] of [
  ["someone who wants no motion", true],
  ["a view without blending", false],
]) {
  test(`${name} sees whole layers, one after the other, without a fade`, () => {
    motion.matches = still;
    host.view.blend = still;
    host.position = 0.3;
    player.start();
    for (let i = 0; i < 80; i++) clock.frame(25);
    assert.deepEqual(host.moved, [1, 2, 0, 1], "two layers a second, and round");
  });
}

test("it can be stopped, and tells so once", () => {
  player.toggle();
  assert.equal(player.isPlaying, true);
  clock.frame();
  player.toggle();
  player.stop();
  assert.equal(player.isPlaying, false);
  assert.equal(clock.frame(), 0, "it asks for no more frames");
  assert.deepEqual(host.said, [true, false]);
});

test("what was owed before a pause is forgotten", () => {
  host.view.blend = false;
  player.start();
  clock.frame(400);
  player.stop();
  clock.advance(5000);
  player.start();
  clock.frame(400);
  assert.deepEqual(host.moved, []);
});

test("one layer is nothing to play", () => {
  host.count = 1;
  player.toggle();
  assert.equal(player.isPlaying, false);
  assert.deepEqual([host.said, clock.frames.size], [[], 0]);
});
