// What the server is told of the view, and when.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Teller } from "../../../../attnviz/ui/components/base/js/teller.js";
import { VIEW } from "./examples.js";
import { installPage } from "./fakes.js";

let clock, host, teller, told, id;
let tests = 0;

beforeEach(() => {
  ({ clock } = installPage());
  told = [];
  id = `teller|${++tests}`;
  host = {
    view: { ...VIEW },
    player: { isPlaying: false },
    tellState: (...given) => told.push(given),
  };
  teller = new Teller(host);
  teller.begin(id, VIEW);
});

const change = (changes) => Object.assign(host, { view: { ...host.view, ...changes } });

test("a second after the last change the view is told with its id", () => {
  change({ radius: 0.01 });
  teller.soon();
  clock.advance(900);
  change({ radius: 0.02 });
  teller.soon();
  clock.advance(999);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, [["view", { ...VIEW, radius: 0.02, viewId: id }]]);
});

test("the delay can be shorter, for all views or for one", () => {
  teller.delay = 200;
  change({ radius: 0.01 });
  teller.soon();
  clock.advance(200);
  assert.equal(told.length, 1);
  change({ radius: 0.02 });
  teller.soon(0);
  clock.advance(0);
  assert.equal(told.length, 2);
});

test("the same view is not told twice, nor one that the server sent", () => {
  teller.now();
  assert.deepEqual(told, [], "it began with this one");
  change({ radius: 0.01 });
  teller.now();
  teller.now();
  teller.soon();
  clock.advance(5000);
  change({ radius: 0.01 });
  teller.now();
  assert.equal(told.length, 1);
  change({ radius: VIEW.radius });
  teller.now();
  assert.equal(told.length, 2, "and back again is another view");
});

test("telling at once leaves nothing for later", () => {
  change({ radius: 0.01 });
  teller.soon();
  teller.now();
  assert.deepEqual([told.length, clock.timers.size], [1, 0]);
});

test("nothing is told while playing, or without a view", () => {
  change({ layer: "c" });
  host.player.isPlaying = true;
  teller.now();
  teller.soon();
  clock.advance(5000);
  assert.deepEqual(told, []);
  host.player.isPlaying = false;
  host.view = null;
  teller.now();
  assert.deepEqual(told, []);
});

test("once stopped, it tells nothing", () => {
  change({ radius: 0.01 });
  teller.soon();
  teller.stop();
  clock.advance(5000);
  assert.deepEqual(told, []);
});

test("whoever comes back under an id begins where the user left it", () => {
  change({ radius: 0.01 });
  teller.now();
  const next = new Teller(host);
  assert.deepEqual(next.begin(id, VIEW), { ...VIEW, radius: 0.01 });
  next.now();
  assert.equal(told.length, 1, "the server knows");
  assert.equal(next.begin(`${id} other`, VIEW), VIEW);
});

test("of old ids only the last fifty are remembered", () => {
  change({ radius: 0.01 });
  teller.now();
  for (let i = 0; i < 49; i++) {
    teller.begin(`${id} ${i}`, VIEW);
    teller.now();
  }
  assert.equal(teller.begin(id, VIEW).radius, 0.01);
  teller.begin(`${id} 49`, VIEW);
  teller.now();
  assert.equal(teller.begin(id, VIEW).radius, VIEW.radius);
});

test("a quiet viewer tells nothing and still begins again where it was left", () => {
  teller.begin(id, VIEW, true);
  change({ layer: "c" });
  teller.now();
  assert.deepEqual(told, []);
  assert.equal(new Teller(host).begin(id, VIEW, true).layer, "c");
});
