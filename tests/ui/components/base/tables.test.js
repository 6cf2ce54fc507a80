// Colour tables as they are sent with a script.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decodedTables } from "../../../../attnviz/ui/components/base/js/tables.js";

test("colour tables come back from base64, byte by byte", () => {
  const codes = Uint8Array.from({ length: 768 }, (_, i) => (7 * i) % 256);
  const text = Buffer.from(codes).toString("base64");
  assert.deepEqual(decodedTables({ one: text, none: "" }), { one: codes, none: new Uint8Array() });
});
