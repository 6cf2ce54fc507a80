// What a screen reader reads of the picture: once, when it stays.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcer } from "../../../../attnviz/ui/components/viewer/js/announcer.js";
import { scene, VIEW } from "../base/examples.js";
import { installPage, make } from "../base/fakes.js";

test("the picture is described once it stays, and not aloud while playing", () => {
  const { clock } = installPage();
  const parts = { canvas: make("canvas"), spoken: make("p") };
  const player = { isPlaying: false };
  const announcer = new Announcer({ scene: scene(), index: 1, count: 3, view: VIEW, parts, player });
  announcer.soon();
  clock.advance(300);
  announcer.soon();
  clock.advance(300);
  assert.equal(parts.spoken.textContent, "");
  clock.advance(100);
  assert.match(parts.spoken.textContent, /^Attention, b, layer 2 of 3: focus covers/);
  assert.equal(parts.canvas.ariaLabel, parts.spoken.textContent);
  announcer.point({ x: 0.2, y: 0.5 });
  assert.match(parts.spoken.textContent, /not seen by the network$/);
  const before = parts.spoken.textContent;
  player.isPlaying = true;
  announcer.soon();
  clock.advance(400);
  assert.equal(parts.spoken.textContent, before);
  announcer.soon();
  announcer.stop();
  assert.equal(clock.timers.size, 0);
});
