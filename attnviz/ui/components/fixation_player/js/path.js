// When each fixation of a viewer begins and ends. A viewer is { x, y, ms }: three lists.

const UNMEASURED = 250; // ms for each fixation where nobody measured how long it lasted

/** How long each fixation lasts, in ms. */
export function durations(viewer) {
  const measured = viewer.ms.some((one) => one > 0);
  return measured ? viewer.ms : viewer.ms.map(() => UNMEASURED);
}

/** When the last fixation of the last viewer ends, in ms; the jumps between take no time here. */
export function duration(viewers) {
  return Math.max(0, ...viewers.map((one) => durations(one).reduce((sum, ms) => sum + ms, 0)));
}

/** How many fixations have begun at a time, and which one is going on, or -1 after the last. */
export function shownAt(viewer, time) {
  let end = 0;
  const each = durations(viewer);
  for (let index = 0; index < each.length; index++) {
    end += each[index];
    if (time < end) return { begun: index + 1, now: index };
  }
  return { begun: each.length, now: -1 };
}

/** Radius of each circle: its area goes with how long the fixation lasts, within bounds. */
export function radii(viewer, base) {
  const each = durations(viewer);
  const mean = each.reduce((sum, ms) => sum + ms, 0) / each.length;
  return each.map((ms) => base * Math.min(Math.max(Math.sqrt(ms / mean), 0.6), 2));
}

/** A colour for each viewer, as far from the others' as so many allow. */
export function colour(index, count) {
  return `hsl(${Math.round((360 * index) / count)} 85% ${index % 2 ? 45 : 62}%)`;
}

/** The text beside the time. */
export function timeText(viewers, who, time) {
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
  const clock = `${seconds(Math.min(time, duration(viewers)))} of ${seconds(duration(viewers))}`;
  if (who < 0) return clock;
  const { begun } = shownAt(viewers[0], time);
  return `${clock}, fixation ${begun} of ${viewers[0].x.length}`;
}
