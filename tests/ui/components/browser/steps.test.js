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

/** A window in which these addresses were opened, the last one being shown. */
function tab(...opened) {
  const entries = opened.map((url) => ({ href: new URL(url, HERE).href, state: null }));
  const handlers = [];
  const made = (state, url) => ({ href: new URL(url, HERE).href, state });
  const window = {
    entries,
    location: {
      get href() {
        return entries.at(-1).href;
      },
    },
    history: {
      get state() {
        return entries.at(-1).state;
      },
      pushState: (state, _title, url) => entries.push(made(state, url)),
      replaceState: (state, _title, url) => entries.splice(-1, 1, made(state, url)),
      back() {
        if (entries.length < 2) return;
        entries.pop();
        for (const handler of handlers) handler({ state: entries.at(-1).state });
      },
    },
    addEventListener: (name, handler) => handlers.push(name === "popstate" && handler),
  };
  return window;
}

const paths = (window) => window.entries.map(({ href }) => href.slice(HERE.length - 1));

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

const OTHER = FULL.replace("picture=a", "picture=b");

test("entries that were completed before the script came are passed by", () => {
  const window = tab("/?picture=z&model=m&look=q", "/", FULL, `${FULL}&layer=1`);
  keepSteps(window, STEPS);
  window.history.pushState({}, "", OTHER);
  window.history.back();
  assert.equal(paths(window).at(-1), `${FULL}&layer=1`);
  window.history.back();
  assert.deepEqual(paths(window), ["/?picture=z&model=m&look=q"]);
});

test("what was chosen before the script came is a step", () => {
  const window = tab("/", FULL, OTHER);
  keepSteps(window, STEPS);
  window.history.back();
  assert.equal(paths(window).at(-1), FULL);
});

test("marks outlast a rewriting, and Streamlit's own state stays", () => {
  const window = tab(FULL);
  keepSteps(window, STEPS);
  window.history.replaceState({ own: 1 }, "", `${FULL}&radius=1`);
  assert.deepEqual(window.history.state, { own: 1, isStep: true });
  window.history.pushState({}, "", OTHER);
  window.history.back();
  assert.deepEqual(paths(window), [`${FULL}&radius=1`]);
});

test("a link within the page is left alone", () => {
  const window = tab(FULL);
  keepSteps(window, STEPS);
  window.entries.push({ href: `${HERE}${FULL.slice(1)}#picture`, state: null });
  window.history.pushState({}, "", OTHER);
  window.history.back();
  assert.match(paths(window).at(-1), /#picture$/);
});
