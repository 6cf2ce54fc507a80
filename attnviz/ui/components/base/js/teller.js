// What the server is told of the view, and when: seldom, never twice, and never while playing.

// A view is told once the user has left the controls alone for a second.
const TELL_MS = 1000;
// What the controls said last, by the view they began with: a page may take the viewer off and put
// it back without the server knowing.
const lastViews = new Map();
const MOST_VIEWS = 50;

/** `host` has view, player, and tellState(name, value). */
export class Teller {
  constructor(host) {
    this.host = host;
    this.delay = TELL_MS;
    this.timer = 0;
    this.told = "";
    this.id = null;
    this.quiet = false;
  }

  /**
   * The view to begin with under an id: the server's, or where the user left it before. `quiet`
   * where the server has no use for the view: then it is kept here, and not told.
   */
  begin(id, view, quiet = false) {
    this.id = id;
    this.quiet = quiet;
    const first = lastViews.get(id) ?? view;
    this.told = JSON.stringify(first);
    return first;
  }

  /** Tell after a while, if nothing else happens meanwhile. */
  soon(after = this.delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), after);
  }

  /** Tell, unless the server knows; while playing, the view changes too often to be told. */
  now() {
    clearTimeout(this.timer);
    const { view, player } = this.host;
    if (!view || player.isPlaying) return;
    const text = JSON.stringify(view);
    if (text === this.told) return;
    this.told = text;
    if (lastViews.size >= MOST_VIEWS) lastViews.delete(lastViews.keys().next().value);
    lastViews.set(this.id, view);
    if (!this.quiet) this.host.tellState("view", { ...view, viewId: this.id });
  }

  stop() {
    clearTimeout(this.timer);
  }
}
