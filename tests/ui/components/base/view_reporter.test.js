// What the server is informed of the view, and when.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ViewReporter } from "../../../../attnviz/ui/components/base/js/view_reporter.js";
import { VIEW } from "./examples.js";
import { installPage } from "./fakes.js";

let clock, host, reporter, messages, id;
let tests = 0;

beforeEach(() => {
  ({ clock } = installPage());
  messages = [];
  id = `reporter|${++tests}`;
  host = {
    view: { ...VIEW },
    player: { isPlaying: false },
    tellState: (...given) => messages.push(given),
  };
  reporter = new ViewReporter(host);
  reporter.begin(id, VIEW);
});

const change = (changes) => Object.assign(host, { view: { ...host.view, ...changes } });

test("a second after the last change the view is messages with its id", () => {
  change({ radius: 0.01 });
  reporter.soon();
  clock.advance(900);
  change({ radius: 0.02 });
  reporter.soon();
  clock.advance(999);
  assert.deepEqual(messages, []);
  clock.advance(1);
  assert.deepEqual(messages, [["view", { ...VIEW, radius: 0.02, viewId: id }]]);
});

test("the delay can be shorter, for all views or for one", () => {
  reporter.delay = 200;
  change({ radius: 0.01 });
  reporter.soon();
  clock.advance(200);
  assert.equal(messages.length, 1);
  change({ radius: 0.02 });
  reporter.soon(0);
  clock.advance(0);
  assert.equal(messages.length, 2);
});

test("the same view is not messages twice, nor one that the server sent", () => {
  reporter.now();
  assert.deepEqual(messages, [], "it began with this one");
  change({ radius: 0.01 });
  reporter.now();
  reporter.now();
  reporter.soon();
  clock.advance(5000);
  change({ radius: 0.01 });
  reporter.now();
  assert.equal(messages.length, 1);
  change({ radius: VIEW.radius });
  reporter.now();
  assert.equal(messages.length, 2, "and back again is another view");
});

test("telling at once leaves nothing for later", () => {
  change({ radius: 0.01 });
  reporter.soon();
  reporter.now();
  assert.deepEqual([messages.length, clock.timers.size], [1, 0]);
});

test("nothing is messages while playing, or without a view", () => {
  change({ layer: "c" });
  host.player.isPlaying = true;
  reporter.now();
  reporter.soon();
  clock.advance(5000);
  assert.deepEqual(messages, []);
  host.player.isPlaying = false;
  host.view = null;
  reporter.now();
  assert.deepEqual(messages, []);
});

test("once stopped, it tells nothing", () => {
  change({ radius: 0.01 });
  reporter.soon();
  reporter.stop();
  clock.advance(5000);
  assert.deepEqual(messages, []);
});

test("whoever comes back under an id begins where the user left it", () => {
  change({ radius: 0.01 });
  reporter.now();
  const next = new ViewReporter(host);
  assert.deepEqual(next.begin(id, VIEW), { ...VIEW, radius: 0.01 });
  next.now();
  assert.equal(messages.length, 1, "the server knows");
  assert.equal(next.begin(`${id} other`, VIEW), VIEW);
});

test("of old ids only the last fifty are remembered", () => {
  change({ radius: 0.01 });
  reporter.now();
  for (let i = 0; i < 49; i++) {
    reporter.begin(`${id} ${i}`, VIEW);
    reporter.now();
  }
  assert.equal(reporter.begin(id, VIEW).radius, 0.01);
  reporter.begin(`${id} 49`, VIEW);
  reporter.now();
  assert.equal(reporter.begin(id, VIEW).radius, VIEW.radius);
});

test("a quiet viewer tells nothing and still begins again where it was left", () => {
  reporter.begin(id, VIEW, true);
  change({ layer: "c" });
  reporter.now();
  assert.deepEqual(messages, []);
  assert.equal(new ViewReporter(host).begin(id, VIEW, true).layer, "c");
});
