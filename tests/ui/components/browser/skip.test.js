// The link that leads past photos and menus to the picture.

import assert from "node:assert/strict";
import { test } from "node:test";

import { offerSkipping, target } from "../../../../attnviz/ui/components/browser/js/skip.js";

const picture = () => {
  const made = { tabIndex: 0, calls: [] };
  made.focus = () => made.calls.push("focus");
  made.scrollIntoView = ({ block }) => made.calls.push(block);
  return made;
};
const component = (found) => ({ shadowRoot: { querySelector: () => found } });

/** A page of components, of which some have a picture. */
function page(hosts, main = picture()) {
  const links = [];
  return {
    links,
    main,
    body: { prepend: (link) => links.unshift(link) },
    createElement: (tag) => ({ tag }),
    querySelectorAll: () => hosts,
    querySelector: () => main,
  };
}

test("the first picture is meant, in whatever component it stands", () => {
  const one = picture();
  assert.equal(target(page([component(null), component(one), component(picture())])), one);
  const open = { querySelector: () => one }; // a component without a shadow
  assert.equal(target(page([open])), one);
});

test("a page without a picture has its main part", () => {
  const here = page([component(null)]);
  assert.equal(target(here), here.main);
});

test("the link comes once, takes the focus along and brings the picture into sight", () => {
  const one = picture();
  const here = page([component(one)]);
  offerSkipping(here);
  offerSkipping(here);
  assert.equal(here.links.length, 1);
  const [link] = here.links;
  assert.equal(link.textContent, "Skip to the picture");
  let kept = false;
  link.onclick({ preventDefault: () => (kept = true) });
  assert.ok(kept, "the address stays as it is");
  assert.deepEqual(one.calls, ["focus", "center"]);
});

test("a main part that cannot have the focus is given it", () => {
  const here = page([]);
  here.main.tabIndex = -1;
  offerSkipping(here);
  here.links[0].onclick({ preventDefault: () => {} });
  assert.deepEqual(here.main.calls, ["focus", "center"]);
});
