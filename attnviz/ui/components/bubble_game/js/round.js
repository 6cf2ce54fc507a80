// A round's rules: how many bubbles, how long, and what counts as a click.

const DOUBLE_MS = 350;
const LONGEST_MS = 3_600_000;

/** One round. `rules`: most (clicks), seconds (or null), radius and size in px. Times in ms. */
export class Round {
  constructor(rules) {
    this.rules = rules;
    this.clicks = [];
    this.begun = null;
    this.ended = null;
  }

  start(now) {
    this.begun = now;
  }

  get running() {
    return this.begun !== null && this.ended === null;
  }

  /** ms since the start, at most an hour. */
  spent(now) {
    return this.begun === null ? 0 : Math.min(Math.max(now - this.begun, 0), LONGEST_MS);
  }

  /** Seconds to be shown: those left where time is short, else those gone. */
  seconds(now) {
    const gone = this.spent(now) / 1000;
    return this.rules.seconds === null ? gone : Math.max(this.rules.seconds - gone, 0);
  }

  /** Whether time or clicks have run out; then the round is ended. */
  over(now) {
    const { most, seconds } = this.rules;
    const late = seconds !== null && this.spent(now) >= 1000 * seconds;
    if (this.running && (late || this.clicks.length >= most)) this.end(now);
    return this.ended !== null;
  }

  /** Open a bubble at (y, x), shares of the picture; whether it counts. */
  open(y, x, now) {
    if (!this.running || this.over(now)) return false;
    if (!(y >= 0 && y < 1 && x >= 0 && x < 1)) return false;
    const ms = this.spent(now);
    const last = this.clicks.at(-1);
    if (last && ms - last[2] < DOUBLE_MS && this.near(last, y, x)) return false; // a double click
    this.clicks.push([y, x, ms]);
    this.over(now);
    return true;
  }

  near([top, left], y, x) {
    const [height, width] = this.rules.size;
    return Math.hypot((y - top) * height, (x - left) * width) < this.rules.radius / 2;
  }

  end(now) {
    this.ended = this.spent(now);
  }

  /** The message to the server. The last bubble of a round without a clock is open until `now`. */
  report(now, answer) {
    const whole = 1000 * (this.rules.seconds ?? Infinity);
    const ms = Math.min(this.spent(now), whole);
    return { id: this.rules.id, clicks: this.clicks, ms, answer };
  }
}
