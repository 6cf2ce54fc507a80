// The clock that charts and viewers of a page share.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock, nearest } from "../../../../attnviz/ui/components/viewer/js/clock.js";

class Input extends EventTarget {
  constructor() {
    super();
    this.value = "";
    this.isConnected = true;
    this.dataset = {};
    this.heard = [];
    this.addEventListener("input", () => this.heard.push(Number(this.value)));
  }
}

class Host {
  constructor(times) {
    this.scene = { header: { times } };
    this.index = 0;
    this.went = [];
  }

  followTo(index) {
    this.went.push(index);
    this.index = index;
    this.clock.tell(); // as every redrawing does
  }
}

function placed(input, times) {
  const host = new Host(times);
  host.clock = new Clock(host, { querySelector: () => input });
  host.clock.tell();
  return host;
}

test("the nearest checkpoint is found", () => {
  assert.equal(nearest([0, 0.5, 2, 8], 1), 1);
  assert.equal(nearest([0, 0.5, 2, 8], 6), 3);
  assert.equal(nearest([0, 0.5, 2, 8], 99), 3);
});

test("a step is messages once, and a redrawing tells nothing", () => {
  const input = new Input();
  const host = placed(input, [0, 1, 2]);
  host.index = 2;
  host.clock.tell();
  host.clock.tell();
  assert.deepEqual(input.heard, [0, 2]);
});

test("another run goes to its nearest checkpoint and pulls nobody back", () => {
  const input = new Input();
  const one = placed(input, [0, 1, 2, 3]);
  const other = placed(input, [0, 2.4, 5]);
  one.index = 2;
  one.clock.tell();
  assert.deepEqual(other.went, [1]);
  assert.deepEqual(one.went, []);
  assert.equal(Number(input.value), 2);
  other.index = 2;
  other.clock.tell();
  assert.deepEqual(one.went, [3]);
  assert.equal(Number(input.value), 5);
});

test("a run that is new moves the charts, and no other run", () => {
  const input = new Input();
  const one = placed(input, [0, 1, 2, 3]);
  one.index = 3;
  one.clock.tell();
  placed(input, [0, 0.5]);
  assert.deepEqual(input.heard, [0, 3, 0]);
  assert.deepEqual(one.went, []);
});

test("layers have no time, and a page may have no clock", () => {
  const input = new Input();
  const host = placed(input, null);
  host.clock.tell();
  assert.deepEqual(input.heard, []);
  placed(null, [0, 1]);
});

test("an input that the page has made anew is found again", () => {
  const inputs = [new Input(), new Input()];
  const host = new Host([0, 1]);
  host.clock = new Clock(host, { querySelector: () => inputs[0] });
  host.clock.tell();
  inputs[0].isConnected = false;
  inputs.shift();
  host.index = 1;
  host.clock.tell();
  assert.deepEqual(inputs[0].heard, [1]);
  assert.equal(inputs[0].dataset.moved, "yes");
  host.clock.stop();
});
