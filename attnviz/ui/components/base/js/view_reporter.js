// Reports the view to the server: seldom, never the same twice, and never while playing.

// A view is reported once the user has left the controls alone for a second.
const DELAY_MS = 1000;
// The last state of the controls, by the id of the view they began with: a page may remove the viewer
// and put it back without the server knowing.
const lastViews = new Map();
const MOST_VIEWS = 50;

/** `host` has view, player, and tellState(name, value). */
export class ViewReporter {
  constructor(host) {
    this.host = host;
    this.delay = DELAY_MS;
    this.timer = 0;
    this.lastSent = "";
    this.id = null;
    this.quiet = false;
  }

  /**
   * The view to begin with under an id: the server's, or where the user left it before. `quiet`
   * where the server has no use for the view: then it is stored here and not reported.
   */
  begin(id, view, quiet = false) {
    this.id = id;
    this.quiet = quiet;
    const first = lastViews.get(id) ?? view;
    this.lastSent = JSON.stringify(first);
    return first;
  }

  /** Report after a while, if nothing else happens meanwhile. */
  soon(after = this.delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), after);
  }

  /** Report, unless the server knows; while playing, the view changes too often. */
  now() {
    clearTimeout(this.timer);
    const { view, player } = this.host;
    if (!view || player.isPlaying) return;
    const text = JSON.stringify(view);
    if (text === this.lastSent) return;
    this.lastSent = text;
    if (lastViews.size >= MOST_VIEWS) lastViews.delete(lastViews.keys().next().value);
    lastViews.set(this.id, view);
    if (!this.quiet) this.host.tellState("view", { ...view, viewId: this.id });
  }

  stop() {
    clearTimeout(this.timer);
  }
}
