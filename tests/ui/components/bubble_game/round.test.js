// A round's rules, its words, and how one bubble is painted.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Painter } from "../../../../attnviz/ui/components/bubble_game/js/painter.js";
import { Round } from "../../../../attnviz/ui/components/bubble_game/js/round.js";
import { clock, counted, opened, pointed, recognised } from "../../../../attnviz/ui/components/bubble_game/js/words.js";
import { installPage, near } from "../base/fakes.js";
import { RULES, SIDES, canvas } from "./bubbles_parts.js";

beforeEach(() => {
  installPage();
  document.createElement = canvas;
});

test("only clicks inside the picture, while the round runs, count", () => {
  const round = new Round(RULES);
  assert.equal(round.open(0.5, 0.5, 0), false, "not begun");
  round.start(1000);
  for (const [y, x] of [[-0.01, 0.5], [0.5, 1], [NaN, 0.5], [0.5, undefined]]) {
    assert.equal(round.open(y, x, 1100), false);
  }
  assert.equal(round.open(0.5, 0.5, 1200), true);
  assert.equal(round.open(0.52, 0.51, 1400), false, "a double click is one");
  assert.equal(round.open(0.52, 0.51, 1700), true, "a second look is another");
  assert.equal(round.open(0.9, 0.9, 1750), true, "fast, but elsewhere");
  assert.equal(round.running, false, "three of three");
  assert.equal(round.open(0.1, 0.1, 9000), false);
  assert.deepEqual(round.report(4000, "cup"), {
    id: "one", ms: 3000, answer: "cup", clicks: [[0.5, 0.5, 200], [0.52, 0.51, 700], [0.9, 0.9, 750]],
  });
});

test("time ends a round that has a clock, and nothing counts after it", () => {
  const round = new Round({ ...RULES, seconds: 20, most: 30 });
  round.start(0);
  assert.equal(round.open(0.2, 0.2, 19_999), true);
  near(round.seconds(15_000), 5);
  assert.equal(round.open(0.8, 0.8, 20_000), false);
  assert.equal(round.over(20_000), true);
  assert.equal(round.report(25_000, "").ms, 20_000);
  const idle = new Round(RULES);
  idle.start(0);
  assert.equal(idle.spent(1e12), 3_600_000);
});

test("words", () => {
  assert.deepEqual([clock(0, false), clock(59.9, false), clock(60, false)], ["0:00", "0:59", "1:00"]);
  assert.deepEqual([clock(20, true), clock(0.1, true), clock(0, true)], ["0:20", "0:01", "0:00"]);
  assert.deepEqual([counted(3, 10, true), counted(1, 30, false), counted(0, 30, false)],
    ["3 of 10", "1 bubble", "0 bubbles"]);
  assert.equal(opened(2, [0.25, 0.5]), "Bubble 2, 50 % from the left, 25 % from the top.");
  assert.equal(pointed([0, 0.999]), "100 % from the left, 0 % from the top.");
  assert.equal(recognised(SIDES[0], 1, "cup"), "1 bubble: cup 0.25");
  assert.equal(recognised(SIDES[1], 9, "cup"), "1 bubble: cup 0.88");
});

test("a bubble is the sharp picture cut out, over the blurred one, without a trace of the last", () => {
  const shown = canvas();
  const painter = new Painter(shown, RULES);
  assert.deepEqual([shown.width, shown.height, painter.cut.width], [200, 100, 200]);
  painter.show("soft", "sharp", [[0.5, 0.25]]);
  assert.deepEqual(shown.done, [["drawImage", "soft", 0, 0, 200, 100], ["drawImage", painter.cut, 0, 0]]);
  assert.deepEqual(painter.cut.done[0], ["gradient", 50, 50, 9, 50, 50, 11]);
  assert.deepEqual(painter.cut.done.at(-1), ["drawImage", "sharp", 0, 0, 200, 100]);
  assert.equal(painter.cutter.globalCompositeOperation, "source-in");
  painter.rings([[0.5, 0.25], [0.1, 0.1]]);
  const numbers = shown.done.filter(([name]) => name === "fillText").map(([, what]) => what);
  assert.deepEqual(numbers, ["1", "2"]);
});
