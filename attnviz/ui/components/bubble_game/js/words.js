// What is written and read out during a round, and under its replay.

/** Seconds as a clock shows them. */
export function clock(seconds, left) {
  const whole = left ? Math.ceil(seconds) : Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How far a round is; `limited`: whether the number of clicks ends it. */
export function counted(clicks, most, limited) {
  return limited ? `${clicks} of ${most}` : `${clicks} ${clicks === 1 ? "bubble" : "bubbles"}`;
}

const percent = (share) => `${Math.round(100 * share)} %`;

/** Where a bubble was opened, for those who do not see it. */
export const opened = (number, [y, x]) =>
  `Bubble ${number}, ${percent(x)} from the left, ${percent(y)} from the top.`;

/** Where the cursor stands. */
export const pointed = ([y, x]) => `${percent(x)} from the left, ${percent(y)} from the top.`;

/** What the network says with so many bubbles open. */
export function recognised(side, step, label) {
  const at = Math.min(step, side.probability.length - 1);
  const bubbles = `${at} ${at === 1 ? "bubble" : "bubbles"}`;
  return `${bubbles}: ${label} ${side.probability[at].toFixed(2)}`;
}
