// Playing through the layers: a clock that moves a position. Nothing here talks to the server.

import { played } from "./view.js";

/** Plays while `isPlaying`; `host` has view, position, count, moveTo(position), playing(now). */
export class Player {
  constructor(host) {
    this.host = host;
    this.isPlaying = false;
    this.frame = 0;
    this.last = 0;
    this.owed = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  toggle() {
    if (this.isPlaying) this.stop();
    else this.start();
  }

  start() {
    if (this.host.count < 2) return;
    this.isPlaying = true;
    this.last = performance.now();
    this.owed = 0;
    this.host.playing(true);
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  stop() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.host.playing(false);
  }

  tick(now) {
    const { host } = this;
    this.owed += (Math.max(0, now - this.last) / 1000) * host.view.speed;
    this.last = now;
    const fades = host.view.blend && !this.still.matches;
    if (fades) {
      host.moveTo(played(host.position, Math.min(this.owed, 1), host.count));
      this.owed = 0;
    } else if (this.owed >= 1) {
      host.moveTo(played(Math.round(host.position), 1, host.count));
      this.owed = 0;
    }
    this.frame = requestAnimationFrame((next) => this.tick(next));
  }
}
