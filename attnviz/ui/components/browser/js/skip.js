// A link before everything else on the page that leads past photos and menus to the picture.

const TEXT = "Skip to the picture";
const COMPONENTS = "[data-testid=stMain] [data-testid^=stBidiComponent]";
// What can be pointed at in a component, of which the first one is the page's picture.
const PICTURE = "canvas[tabindex], [tabindex='0'] canvas";

/** The first picture of the page; its main part where there is none. */
export function target(page) {
  for (const host of page.querySelectorAll(COMPONENTS)) {
    const picture = (host.shadowRoot ?? host).querySelector(PICTURE);
    if (picture) return picture;
  }
  return page.querySelector("[data-testid=stMain]");
}

/**
 * Put the link before everything else, once.
 *
 * @param {any} page the document
 */
export function offerSkipping(page) {
  if (page.skips) return;
  page.skips = true;
  const link = page.createElement("a");
  Object.assign(link, { className: "av-skip", href: "#", textContent: TEXT });
  link.onclick = (event) => {
    event.preventDefault();
    const place = target(page);
    if (!place) return;
    if (place.tabIndex < 0) place.tabIndex = -1; // makes the attribute, without which nothing is focused
    place.focus();
    place.scrollIntoView({ block: "center" });
  };
  page.body.prepend(link);
}
