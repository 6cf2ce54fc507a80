// Time that a page's parts share: charts and other viewers stand where this viewer stands. It lies in
// one input of the page, whose "input" event tells everybody; nothing of it goes to the server.

const INPUT = "#av-now";

/** The index of the time nearest to `now`; times rise. */
export function nearest(times, now) {
  let best = 0;
  times.forEach((time, index) => {
    if (Math.abs(time - now) < Math.abs(times[best] - now)) best = index;
  });
  return best;
}

/** Keeps a viewer and the page's clock together; `host` has scene, index, followTo(index). */
export class Clock {
  constructor(host, page = globalThis.document) {
    this.host = host;
    this.page = page;
    /** @type {HTMLInputElement | null} */
    this.input = null;
    this.lastSent = null;
    this.scene = null;
    this.hear = () => this.follow();
  }

  get times() {
    return this.host.scene?.header.times;
  }

  /**
   * Tell the page where the viewer stands, once for each step. Where it stands when a run is new,
   * charts shall know, but no other viewer shall follow: runs need not be of one length.
   */
  tell() {
    if (!this.times) return;
    this.find();
    const moved = this.scene === this.host.scene;
    this.scene = this.host.scene;
    const now = this.times[this.host.index];
    if (!this.input || now === this.lastSent) return;
    this.lastSent = now;
    if (this.input.value !== "" && Number(this.input.value) === now) return;
    this.input.value = now;
    this.input.dataset.moved = moved ? "yes" : "no";
    this.telling = true;
    this.input.dispatchEvent(new Event("input"));
    this.telling = false;
  }

  /** Go where somebody else has gone. */
  follow() {
    if (this.telling || !this.times || this.input.dataset.moved !== "yes") return;
    const index = nearest(this.times, Number(this.input.value));
    this.lastSent = this.times[index]; // or two runs with other checkpoints would pull each other about
    if (index !== this.host.index) this.host.followTo(index);
  }

  /** The page's input; Streamlit may have made it anew. */
  find() {
    if (this.input?.isConnected) return;
    this.stop();
    this.input = this.page.querySelector(INPUT);
    this.input?.addEventListener("input", this.hear);
  }

  stop() {
    this.input?.removeEventListener("input", this.hear);
    this.input = null;
  }
}
