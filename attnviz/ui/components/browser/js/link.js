// Whoever follows a link and must sign in first comes back to the app's first page: the tab keeps the
// link until then.

const PLACE = "attnviz-link";

/**
 * Keep this address until somebody has signed in; the kept one once that is so, else null.
 *
 * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} store
 * @param {{ pathname: string, search: string }} address
 * @param {boolean} admitted whether pages are shown
 */
export function linkAfterSignIn(store, { pathname, search }, admitted) {
  try {
    if (!admitted) {
      store.setItem(PLACE, pathname + search);
      return null;
    }
    const link = store.getItem(PLACE);
    store.removeItem(PLACE);
    // Nothing but a path of this site: it begins with one slash.
    return link !== null && /^\/[^/\\]/.test(link) && link !== pathname + search ? link : null;
  } catch {
    return null; // the browser keeps nothing
  }
}
