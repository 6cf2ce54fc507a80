// On a phone the menu of pages lies over the page: it closes as soon as a page was chosen in it.

const LINK = "[data-testid=stSidebarNavLink]";
const CLOSE = "[data-testid=stSidebarCollapseButton] button";

/**
 * Close the menu after a choice, where it covers the page.
 *
 * @param {any} page the document
 * @param {{ matches: boolean }} phone
 */
export function closeAfterChoice(page, phone) {
  if (page.closesMenu) return;
  page.closesMenu = true;
  page.addEventListener("click", (event) => {
    if (!phone.matches || !event.target.closest?.(LINK)) return;
    // After the link's own listeners, which open the page.
    setTimeout(() => page.querySelector(CLOSE)?.click());
  });
}
