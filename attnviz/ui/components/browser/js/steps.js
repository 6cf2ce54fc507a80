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
 * @param {any} window
 * @param {Steps} steps
 */
export function keepSteps(window, steps) {
  const { history, location } = window;
  if (history.keepsSteps) return;
  history.keepsSteps = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const to = new URL(url ?? location.href, location.href);
    if (isStep(new URL(location.href), to, steps)) push(state, title, url);
    else history.replaceState(state, title, url);
  };
  passFirst(window, steps);
}

/** The page may have completed its first address before this script came: pass that entry by. */
function passFirst(window, steps) {
  const { history, location, performance } = window;
  const opened = performance.getEntriesByType("navigation")[0];
  if (!opened || opened.name === location.href) return;
  const first = new URL(opened.name);
  if (isStep(first, new URL(location.href), steps)) return;
  window.addEventListener("popstate", () => {
    if (location.href === first.href) history.back();
  });
}
