// The elements of the viewer's HTML that its modules change.

/** The elements of the viewer's HTML that change, by name. */
export function partsOf(root) {
  const part = (selector) => root.querySelector(selector);
  return {
    stage: part(".stage"), canvas: part(".stage > canvas"), labels: part(".labels"),
    crosses: part(".crosses"), wipe: part(".wipe"), legend: part(".legend"),
    strip: part(".strip"), slider: part(".layer"), layerName: part(".position b"),
    noun: part(".noun"),
    play: part(".play"), speed: part(".speed select"), spoken: part(".spoken"),
    notice: part(".notice"), reset: part(".reset"), rest: part(".rest"), share: part(".share"),
    copy: part(".copy"),
  };
}
