// Drawings as plain lists, so that they can be made and tested without a page.

const SVG = "http://www.w3.org/2000/svg";

/**
 * A drawing: name, attributes, and what is inside.
 *
 * @typedef {any[]} Drawing
 */

/** @param {Drawing} drawing */
function made(drawing) {
  const [name, attributes, ...inside] = drawing;
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...inside.map((one) => (Array.isArray(one) ? made(one) : String(one))));
  return element;
}

/** Show drawings, [name, attributes, ...inside] each, in an SVG element in place of what it shows. */
export function put(root, drawings) {
  root.replaceChildren(...drawings.filter(Boolean).map(made));
}
