// The visitor's cookie: set once, kept where there is one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { mount } from "../../../../attnviz/ui/components/browser/js/main.js";
import { meet, read } from "../../../../attnviz/ui/components/browser/js/cookie.js";
import { packed } from "../base/blobs.js";
import { installPage, make } from "../base/fakes.js";

test("a cookie is read among others, by its whole name", () => {
  assert.equal(read("a=1; visitor=abc; b=2", "visitor"), "abc");
  assert.equal(read("visitor=x=y", "visitor"), "x=y");
  for (const text of ["", "my-visitor=abc", "visitors=abc"]) assert.equal(read(text, "visitor"), null);
});

test("a browser without one gets it, for this site, until it is closed", () => {
  for (const [protocol, end] of [["http:", ""], ["https:", "; Secure"]]) {
    const place = { cookie: "other=1" };
    assert.equal(meet(place, { protocol }, "visitor", "abc"), "abc");
    assert.equal(place.cookie, `visitor=abc; Path=/; SameSite=Lax${end}`);
  }
});

test("a browser that has one keeps it", () => {
  const place = { cookie: "visitor=old" };
  assert.equal(meet(place, { protocol: "http:" }, "visitor", "new"), "old");
  assert.equal(place.cookie, "visitor=old");
});

test("the server is told of another token than its own", () => {
  installPage();
  const root = make("div.browser");
  const location = { href: "http://host/", protocol: "http:" };
  const history = { pushState() {}, replaceState() {} };
  const window = { history, location, addEventListener() {} };
  const sessionStorage = { getItem: () => null, setItem() {}, removeItem() {} };
  Object.assign(globalThis, { window, location, sessionStorage });
  Object.assign(globalThis.document, { cookie: "visitor=old", body: { prepend() {} } });
  const told = [];
  const parentElement = { querySelector: () => root };
  const setStateValue = (...given) => told.push(given);
  for (const token of ["new", "old"]) {
    const data = packed({ cookie: "visitor", token, server: "one", kept: [], admitted: true }, {});
    mount({ parentElement, data, setStateValue }, { steps: { always: [], optional: [] } });
  }
  assert.deepEqual(told, [["known", "old"]]);
});
