// Streamlit connects an open tab again by itself, and then waits for the user: a server that was
// started again learns of the tab only when something is clicked.

const STATE = "data-test-connection-state";

/**
 * Call `tell` whenever the connection is back.
 *
 * @param {any} page the document
 * @param {() => void} tell
 * @returns {() => void} ends it
 */
export function onReconnection(page, tell) {
  const app = page.querySelector("[data-testid=stApp]");
  if (!app) return () => {};
  let was = app.getAttribute(STATE);
  const observer = new MutationObserver(() => {
    const now = app.getAttribute(STATE);
    if (now === "CONNECTED" && was !== now) tell();
    was = now;
  });
  observer.observe(app, { attributes: true, attributeFilter: [STATE] });
  return () => observer.disconnect();
}
