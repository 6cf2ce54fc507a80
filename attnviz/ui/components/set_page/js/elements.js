// Making elements.

/**
 * An element with properties, and what is in it.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} properties
 * @param {...(Node | string)} inside
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}

/** A number with its thousands apart. */
export const counted = (number) => number.toLocaleString("en");

/** A share in percent. */
export const percent = (share) => `${Math.round(100 * share)} %`;
