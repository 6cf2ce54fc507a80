// The Back button goes one choice back. Streamlit makes an entry of the history for every change of
// the address, also for those of a slider; here only those stay that are a choice of their own.

/** @typedef {{ always: string[], optional: string[] }} Steps */

/**
 * Whether a new address is a step of its own: another page, or another choice on this page.
 *
 * A page that was just opened completes its address; that is no step.
 *
 * @param {URL} from
 * @param {URL} to
 * @param {Steps} steps
 */
export function isStep(from, to, { always, optional }) {
  if (from.pathname !== to.pathname) return true;
  const [before, after] = [from.searchParams, to.searchParams];
  const differs = (key) => before.get(key) !== after.get(key);
  if (always.some((key) => before.has(key) && after.has(key) && differs(key))) return true;
  const complete = always.every((key) => before.has(key) === after.has(key));
  return complete && before.size > 0 && optional.some(differs);
}

/**
 * Make of every new entry that is no step a change of the current one.
 *
 * Entries that were made before this script came have no mark. Those that the page has completed by
 * then are passed by on the way back.
 *
 * @param {any} window
 * @param {Steps} steps
 */
export function keepSteps(window, steps) {
  const { history, location } = window;
  if (history.keepsSteps) return;
  history.keepsSteps = true;
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  const marked = (state) => ({ ...state, isStep: true });
  const address = (url) => new URL(url ?? location.href, location.href);
  history.pushState = (state, title, url) => {
    const make = isStep(address(null), address(url), steps) ? push : replace;
    make(marked(state), title, url);
  };
  history.replaceState = (state, title, url) => replace(marked(state), title, url);
  const first = address(null);
  replace(marked(history.state), "", location.href);
  window.addEventListener("popstate", ({ state }) => {
    if (state?.isStep || address(null).hash) return; // a link within the page has no mark either
    if (!isStep(address(null), first, steps)) history.back();
  });
}
