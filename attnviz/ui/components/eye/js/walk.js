// Playing a scanpath: stop after stop, each as long as it lasts. Nothing here talks to the server.

/** `host` has stops (those that are played), slower, and is told arrived(index), playing(now). */
export class Walk {
  constructor(host) {
    this.host = host;
    this.at = -1; // the stop the gaze rests on; -1 before the first
    this.timer = 0;
    this.isPlaying = false;
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  /** From the stop after this one, or from the first when all were seen. */
  play() {
    const { stops } = this.host;
    if (!stops.length) return;
    this.isPlaying = true;
    this.host.playing(true);
    this.arrive(this.at + 1 < stops.length ? this.at + 1 : 0);
  }

  arrive(index) {
    this.at = index;
    this.host.arrived(index);
    if (!this.isPlaying) return;
    const { stops, slower } = this.host;
    this.timer = setTimeout(() => {
      if (index + 1 < this.host.stops.length) this.arrive(index + 1);
      else this.pause();
    }, stops[index].ms * slower);
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    clearTimeout(this.timer);
    this.host.playing(false);
  }

  /** One stop on or back, within the path. */
  step(by) {
    this.pause();
    const { stops } = this.host;
    if (stops.length) this.arrive(Math.min(Math.max(this.at + by, 0), stops.length - 1));
  }

  /** Forget where it was: another path, or none. */
  reset() {
    this.pause();
    this.at = -1;
  }
}
