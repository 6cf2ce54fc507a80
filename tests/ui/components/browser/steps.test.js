// What Back goes to: one entry for each choice, none for what completes or refines one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isStep, keepSteps } from "../../../../attnviz/ui/components/browser/js/steps.js";

const STEPS = { always: ["picture", "model", "look"], optional: ["target"] };
const HERE = "http://host/";
const FULL = "/?picture=a&model=m&look=q";

const step = (from, to) => isStep(new URL(from, HERE), new URL(to, HERE), STEPS);

test("another page, photo, model or question is a step", () => {
  assert.ok(step("/", "/Layers"));
  assert.ok(step(FULL, `/Layers${FULL.slice(1)}`));
  for (const key of ["picture=a", "model=m", "look=q"]) {
    assert.ok(step(FULL, FULL.replace(key, `${key}b`)), key);
  }
});

test("a class is a step when it is pinned, changed and let go", () => {
  assert.ok(step(FULL, `${FULL}&target=cat`));
  assert.ok(step(`${FULL}&target=cat`, `${FULL}&target=dog`));
  assert.ok(step(`${FULL}&target=cat`, FULL));
});

test("what completes or refines an address is none", () => {
  assert.ok(!step("/", `${FULL}&target=cat`));
  assert.ok(!step("/?picture=a", FULL));
  assert.ok(!step(`${FULL}&target=cat`, "/?picture=a&model=m"));
  assert.ok(!step("/?picture=a&model=m", `${FULL}&target=cat`));
  assert.ok(!step(FULL, `${FULL}&radius=0.03&layer=stage1`));
  assert.ok(!step(`${FULL}&radius=0.03`, `${FULL}&radius=0.05`));
  assert.ok(!step(FULL, FULL));
});

/** A window with the history of a new tab, in which `opened` has become `href`. */
function tab(opened, href = opened) {
  const entries = [new URL(opened, HERE).href];
  const handlers = [];
  const place = (url) => {
    entries[entries.length - 1] = new URL(url, HERE).href;
  };
  const window = {
    entries,
    location: {
      get href() {
        return entries.at(-1);
      },
    },
    history: {
      pushState: (_state, _title, url) => entries.push(new URL(url, HERE).href),
      replaceState: (_state, _title, url) => place(url),
      back() {
        if (entries.length > 1) entries.pop();
        for (const handler of handlers) handler();
      },
    },
    performance: { getEntriesByType: () => [{ name: new URL(opened, HERE).href }] },
    addEventListener: (name, handler) => handlers.push(name === "popstate" && handler),
  };
  if (href !== opened) entries.push(new URL(href, HERE).href);
  return window;
}

const paths = (window) => window.entries.map((href) => href.slice(HERE.length - 1));

test("new entries that are no steps change the current one", () => {
  const window = tab("/");
  keepSteps(window, STEPS);
  const push = (url) => window.history.pushState({}, "", url);
  push(FULL);
  push(`${FULL}&radius=0.1`);
  push(`${FULL}&radius=0.2`);
  push(`${FULL.replace("picture=a", "picture=b")}&radius=0.2`);
  push("/Layers?picture=b&model=m&look=q");
  push("/Layers?picture=b&model=m");
  assert.deepEqual(paths(window), [
    `${FULL}&radius=0.2`,
    `${FULL.replace("picture=a", "picture=b")}&radius=0.2`,
    "/Layers?picture=b&model=m",
  ]);
});

test("it is set up once, however often the component is mounted", () => {
  const window = tab("/");
  keepSteps(window, STEPS);
  const push = window.history.pushState;
  keepSteps(window, STEPS);
  assert.equal(window.history.pushState, push);
});

test("an entry that was completed before the script came is passed by", () => {
  const window = tab("/", FULL);
  window.entries.unshift("http://elsewhere/");
  keepSteps(window, STEPS);
  window.history.pushState({}, "", FULL.replace("picture=a", "picture=b"));
  window.history.back();
  assert.equal(paths(window).at(-1), FULL);
  window.history.back();
  assert.deepEqual(window.entries, ["http://elsewhere/"]);
});

test("an address that a link gave is an entry like any other", () => {
  const window = tab(FULL);
  window.entries.unshift("http://host/?picture=z&model=m&look=q");
  keepSteps(window, STEPS);
  window.history.pushState({}, "", FULL.replace("picture=a", "picture=b"));
  window.history.back();
  window.history.back();
  assert.equal(window.entries.length, 1);
});
