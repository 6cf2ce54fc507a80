// What the viewer finds on its page, and what travels with its script.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decodedTables, partsOf } from "../../../../attnviz/ui/components/base/js/parts.js";

test("colour tables come back from base64, byte by byte", () => {
  const codes = Uint8Array.from({ length: 768 }, (_, i) => (7 * i) % 256);
  const text = Buffer.from(codes).toString("base64");
  assert.deepEqual(decodedTables({ one: text, none: "" }), { one: codes, none: new Uint8Array() });
});

test("every part is looked for by a selector of its own", () => {
  const asked = [];
  const parts = partsOf({ querySelector: (selector) => asked.push(selector) });
  assert.equal(new Set(asked).size, Object.keys(parts).length);
  assert.deepEqual(Object.values(parts), asked.map((_, index) => index + 1));
});
