// A report's entry: a viewer in every place that the page has for one, from data that it carries.

import { fromBase64 } from "../../base/js/tables.js";
import { mount as mountViewer } from "../../viewer/js/main.js";

// A browser keeps few drawing contexts: viewers far from what is seen are closed, and come back.
const NEAR = "600px 0px";

/** One place for a viewer: an element that holds its data. */
export class Place {
  /**
   * @param {HTMLElement} element
   * @param {{ markup: string, style: string }} assets and those of the viewer
   * @param {Uint8Array} data the blob, if the element does not hold it
   */
  constructor(element, assets, data = fromBase64(element.querySelector("script").textContent.trim())) {
    this.element = element;
    this.assets = assets;
    this.data = data;
    this.shadow = element.attachShadow({ mode: "open" });
    this.close = null;
    this.fails = false;
  }

  /** Show the viewer where it is looked at, and only there. */
  look(near) {
    if (near && !this.close && !this.fails) this.open();
    if (!near && this.close) this.leave();
  }

  open() {
    const { markup, style } = this.assets;
    this.shadow.innerHTML = `<style>${style}</style>${markup}`;
    this.article.classList.add("live");
    const close = mountViewer(
      /** @type {any} */ ({
        parentElement: this.shadow,
        data: this.data,
        setStateValue: (name, value) => this.hear(name, value),
        setTriggerValue: () => {},
      }),
      this.assets,
    );
    if (this.fails) close();
    else this.close = close;
  }

  leave() {
    this.element.style.minHeight = `${this.element.offsetHeight}px`;
    this.close();
    this.close = null;
    this.shadow.replaceChildren();
  }

  /** Without WebGL the still pictures remain, as on paper. */
  hear(name, value) {
    if (name !== "webgl" || value !== false) return;
    this.fails = true;
    this.article.classList.remove("live");
    this.shadow.replaceChildren();
  }

  get article() {
    return this.element.closest("article");
  }
}

/**
 * Fill a page's places.
 *
 * @param {ParentNode} page
 * @param {any} assets the viewer's, its HTML and its CSS
 */
export function mount(page, assets) {
  const elements = /** @type {HTMLElement[]} */ ([...page.querySelectorAll(".viewer-place")]);
  const places = new Map(elements.map((element) => [element, new Place(element, assets)]));
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        places.get(/** @type {HTMLElement} */ (target)).look(isIntersecting);
      }
    },
    { rootMargin: NEAR },
  );
  for (const element of places.keys()) watch.observe(element);
  return () => watch.disconnect();
}
