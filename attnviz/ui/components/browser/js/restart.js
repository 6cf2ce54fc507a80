// A server that was started again has nothing of what the one before kept for its visitors: the tab
// remembers which server it was, and what that one kept.

const PLACE = "attnviz-server";

/**
 * What was kept by the server that this tab knew, if it is another one now; else null.
 *
 * @param {{ getItem: (name: string) => string | null, setItem: (name: string, text: string) => void }} store
 * @param {string} server what tells a server from one started later
 * @param {string[]} kept kinds of things
 */
export function lost(store, server, kept) {
  try {
    const before = JSON.parse(store.getItem(PLACE) ?? "null");
    store.setItem(PLACE, JSON.stringify({ server, kept }));
    return before && before.server !== server && before.kept.length > 0 ? before.kept : null;
  } catch {
    return null; // the browser keeps nothing, or something else wrote there
  }
}
