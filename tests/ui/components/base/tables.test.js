// Bytes as they are sent with a script.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decodedTables, fromBase64 } from "../../../../attnviz/ui/components/base/js/tables.js";

test("bytes come back from base64, also where its last group is not full", () => {
  for (const bytes of [[], [255], [0, 128], [1, 2, 3], [65, 0, 255, 10]]) {
    const text = Buffer.from(bytes).toString("base64");
    assert.deepEqual([...fromBase64(text)], bytes);
  }
});

test("colour tables come back from base64, byte by byte", () => {
  const codes = Uint8Array.from({ length: 768 }, (_, i) => (7 * i) % 256);
  const text = Buffer.from(codes).toString("base64");
  assert.deepEqual(decodedTables({ one: text, none: "" }), { one: codes, none: new Uint8Array() });
});
