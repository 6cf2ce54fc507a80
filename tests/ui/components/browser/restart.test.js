// What the tab remembers of a server, and of a link that waits for signing in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { linkAfterSignIn } from "../../../../attnviz/ui/components/browser/js/link.js";
import { onReconnection } from "../../../../attnviz/ui/components/browser/js/reconnect.js";
import { lost } from "../../../../attnviz/ui/components/browser/js/restart.js";

/** A tab's own store. */
function storing() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => kept.set(name, text),
    removeItem: (name) => kept.delete(name),
  };
}

const BLOCKED = {
  getItem: () => {
    throw new Error("blocked");
  },
};

test("another server has lost what the one before kept, and is asked once", () => {
  const store = storing();
  assert.equal(lost(store, "first", []), null);
  assert.equal(lost(store, "first", ["photos"]), null);
  assert.deepEqual(lost(store, "second", []), ["photos"]);
  assert.equal(lost(store, "second", []), null);
  assert.equal(lost(store, "third", []), null); // nothing was there
});

test("a store that is blocked, or holds something else, says nothing", () => {
  assert.equal(lost(BLOCKED, "first", []), null);
  const store = storing();
  store.setItem("attnviz-server", "{");
  assert.equal(lost(store, "first", []), null);
  assert.equal(linkAfterSignIn(BLOCKED, { pathname: "/", search: "" }, true), null);
});

test("a link waits until somebody has signed in, and is followed once", () => {
  const store = storing();
  const link = { pathname: "/Focus", search: "?model=lens" };
  const start = { pathname: "/", search: "" };
  assert.equal(linkAfterSignIn(store, start, true), null);
  assert.equal(linkAfterSignIn(store, link, false), null);
  assert.equal(linkAfterSignIn(store, start, true), "/Focus?model=lens");
  assert.equal(linkAfterSignIn(store, start, true), null);
  linkAfterSignIn(store, link, false);
  assert.equal(linkAfterSignIn(store, link, true), null); // here already
});

test("an address that leads elsewhere is not followed", () => {
  const store = storing();
  for (const elsewhere of ["//evil.example/", "/\\evil.example/", "https://evil.example/"]) {
    store.setItem("attnviz-link", elsewhere);
    assert.equal(linkAfterSignIn(store, { pathname: "/", search: "" }, true), null, elsewhere);
  }
});

test("a connection that is back is told, once each time", () => {
  let state = "CONNECTED";
  const observers = [];
  globalThis.MutationObserver = class {
    constructor(changed) {
      observers.push(changed);
    }
    observe() {}
    disconnect() {
      observers.pop();
    }
  };
  let told = 0;
  const app = { getAttribute: () => state };
  const leave = onReconnection({ querySelector: () => app }, () => (told += 1));
  for (const next of ["CONNECTED", "PINGING_SERVER", "CONNECTING", "CONNECTED", "CONNECTED"]) {
    state = next;
    observers[0]();
  }
  assert.equal(told, 1);
  leave();
  assert.equal(observers.length, 0);
});
