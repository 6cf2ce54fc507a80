// What a phone shows at first, and what it hands to others.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { canCopy, copyPicture, share } from "../../../../attnviz/ui/components/viewer/js/share.js";
import { openPage } from "../base/page.js";

let here;

beforeEach(() => {
  here = openPage();
});

const opened = () => [here.part(".rest").open, here.place.querySelector(".viewer").classList.contains("folds")];

test("a phone shows the picture, and layers and lens on demand, where the page wants it so", async () => {
  here.phone.matches = true;
  await here.shown({ folds: true });
  assert.deepEqual(opened(), [false, true]);
  here.part(".rest").open = true; // opened by hand: other maps leave it open
  await here.shown({ folds: true, id: "two" });
  assert.deepEqual(opened(), [true, true]);
});

test("nothing is folded on wide screens, nor where layers are what the page is about", async () => {
  await here.shown({ folds: true });
  assert.deepEqual(opened(), [true, false]);
  here = openPage();
  here.phone.matches = true;
  await here.shown({ folds: false });
  assert.deepEqual(opened(), [true, false]);
});

test("a phone that is turned shows all, and folds again when it is turned back", async () => {
  const unmount = await here.shown({ folds: true });
  Object.assign(here.phone, { matches: true }).dispatch("change");
  assert.deepEqual(opened(), [false, true]);
  Object.assign(here.phone, { matches: false }).dispatch("change");
  assert.deepEqual(opened(), [true, false]);
  unmount();
});

/** A device that can do what `able` says; returns what was handed over and said. */
async function shared(able) {
  const seen = { handed: [], copied: [], said: [] };
  const device = {
    share: async (what) => {
      if (able.refuses) throw Object.assign(new Error("no"), { name: able.refuses });
      seen.handed.push(what);
    },
    canShare: ({ files }) => able.files && files[0].type === "image/png",
    clipboard: { writeText: async (text) => seen.copied.push(text) },
  };
  if (!able.share) delete device.share;
  if (!able.files) delete device.canShare;
  if (!able.clipboard) delete device.clipboard;
  Object.defineProperty(globalThis, "navigator", { value: device, configurable: true });
  Object.defineProperty(globalThis, "location", { value: { href: "http://here/?a=b" }, configurable: true });
  const canvas = { toBlob: (done) => done(new Blob(["png"])) };
  const viewer = { scene: { header: { name: "giraffe" } }, say: (text) => seen.said.push(text) };
  await share(/** @type {any} */ (canvas), viewer);
  return seen;
}

test("a device that shares files gets the picture, under the photo's name", async () => {
  const { handed, said } = await shared({ share: true, files: true });
  assert.equal(handed[0].files[0].name, "giraffe.png");
  assert.equal(await handed[0].files[0].text(), "png");
  assert.deepEqual(said, []);
});

test("others get the link, or find it in the clipboard", async () => {
  const { handed } = await shared({ share: true });
  assert.deepEqual(handed, [{ url: "http://here/?a=b", title: "giraffe" }]);
  const { copied, said } = await shared({ clipboard: true });
  assert.deepEqual(copied, ["http://here/?a=b"]);
  assert.match(said[0], /copied.*does not go with it/);
});

test("where nothing can be shared the link is shown; who closes the window hears nothing", async () => {
  assert.match((await shared({})).said[0], /http:\/\/here\/\?a=b/);
  assert.match((await shared({ share: true, refuses: "NotAllowedError" })).said[0], /here/);
  assert.deepEqual((await shared({ share: true, refuses: "AbortError" })).said, []);
});

/** A page that may write into the clipboard, unless `refuses`; returns what was written and said. */
async function copying(refuses = false) {
  const seen = { items: [], said: [] };
  const write = async (items) => {
    if (refuses) throw new Error("no");
    seen.items.push(...items);
  };
  Object.defineProperty(globalThis, "navigator", { value: { clipboard: { write } }, configurable: true });
  globalThis.ClipboardItem = /** @type {any} */ (class {
    constructor(kinds) {
      this.kinds = kinds;
    }
  });
  const canvas = { toBlob: (done, type) => done(new Blob([type])) };
  assert.equal(canCopy(), true);
  await copyPicture(/** @type {any} */ (canvas), { say: (text) => seen.said.push(text) });
  delete globalThis.ClipboardItem;
  return seen;
}

test("the picture goes into the clipboard as PNG, or it is said that it may not", async () => {
  const { items, said } = await copying();
  assert.equal(await (await items[0].kinds["image/png"]).text(), "image/png");
  assert.deepEqual(said, ["The picture is copied."]);
  assert.match((await copying(true)).said[0], /does not let the picture be copied/);
  assert.equal(canCopy(), false, "where there is no such thing as an item of the clipboard");
});
