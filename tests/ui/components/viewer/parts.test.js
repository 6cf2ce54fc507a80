// The elements that the viewer finds on its page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { partsOf } from "../../../../attnviz/ui/components/viewer/js/parts.js";

test("every part is looked for by a selector of its own", () => {
  const asked = [];
  const parts = partsOf({ querySelector: (selector) => asked.push(selector) });
  assert.equal(new Set(asked).size, Object.keys(parts).length);
  assert.deepEqual(Object.values(parts), asked.map((_, index) => index + 1));
});
