// A component's life: made once in each place, closed with the last call for it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { mounting } from "../../../../attnviz/ui/components/base/js/mount.js";

/** A place on a page whose root is `root`. */
const placeOf = (root) => ({ querySelector: (selector) => (selector === ".here" ? root : null) });

function recorded() {
  const calls = [];
  const mount = mounting(".here", (root, assets) => {
    calls.push(["create", root.name, assets]);
    return {
      receive: ({ data }) => calls.push(["receive", data]),
      close: () => calls.push(["close", root.name]),
    };
  });
  return { calls, mount };
}

test("one place has one instance, which receives every call", () => {
  const { calls, mount } = recorded();
  const parentElement = placeOf({ name: "a" });
  mount({ parentElement, data: 1 }, "assets");
  mount({ parentElement, data: 2 }, "assets");
  assert.deepEqual(calls, [["create", "a", "assets"], ["receive", 1], ["receive", 2]]);
});

test("the last call alone closes it, and the next one makes another", () => {
  const { calls, mount } = recorded();
  const parentElement = placeOf({ name: "a" });
  const first = mount({ parentElement, data: 1 });
  const second = mount({ parentElement, data: 2 });
  first();
  assert.equal(calls.length, 3);
  second();
  assert.deepEqual(calls.at(-1), ["close", "a"]);
  mount({ parentElement, data: 3 });
  assert.deepEqual(calls.slice(-2), [["create", "a", undefined], ["receive", 3]]);
});

test("two places do not know each other", () => {
  const { calls, mount } = recorded();
  const close = mount({ parentElement: placeOf({ name: "a" }), data: 1 });
  mount({ parentElement: placeOf({ name: "b" }), data: 2 });
  close();
  assert.deepEqual(calls.at(-1), ["close", "a"]);
  assert.equal(calls.filter(([name]) => name === "close").length, 1);
});
