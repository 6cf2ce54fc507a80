// Scripts of small pictures: few are kept, and who waits for one gets it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Shards } from "../../../../attnviz/ui/components/set_page/js/shards.js";

/** A document whose scripts arrive when the test says so. */
function emptyPage() {
  const scripts = [];
  return {
    scripts,
    createElement: () => ({ remove: () => {} }),
    head: { append: (script) => scripts.push(script) },
  };
}

test("who waits for an early script gets it, however many were asked for meanwhile", async () => {
  const page = emptyPage();
  const shards = new Shards(page);
  const waiting = Array.from({ length: 50 }, (_, number) => shards.load(String(number)));
  for (let number = 49; number >= 0; number -= 1) shards.arrive(String(number), [number]);
  const arrived = await Promise.all(waiting);
  assert.deepEqual(arrived, Array.from({ length: 50 }, (_, number) => [number]));
  assert.equal(page.scripts.length, 50);
  assert.equal(shards.shards.size, 32);
  await shards.load("0"); // it arrived last, and is kept
  assert.equal(page.scripts.length, 50);
  shards.load("49");
  assert.equal(page.scripts.length, 51);
});

test("a script that is not there holds nothing", async () => {
  const page = emptyPage();
  const shards = new Shards(page);
  const waiting = shards.load("gone");
  page.scripts[0].onerror();
  assert.deepEqual(await waiting, []);
});
