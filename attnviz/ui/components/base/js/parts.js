// What the viewer finds on its page, and what travels with its script.

/** The elements of the viewer's HTML that change, by name. */
export function partsOf(root) {
  const part = (selector) => root.querySelector(selector);
  return {
    stage: part(".stage"), canvas: part(".stage > canvas"), labels: part(".labels"),
    crosses: part(".crosses"), wipe: part(".wipe"), legend: part(".legend"),
    strip: part(".strip"), slider: part(".layer"), layerName: part(".position b"),
    noun: part(".noun"),
    play: part(".play"), speed: part(".speed select"), spoken: part(".spoken"),
    notice: part(".notice"), reset: part(".reset"),
  };
}

/** The colour tables, 256 x RGB: {name: Uint8Array} from base64. */
export function decodedTables(colours) {
  return Object.fromEntries(
    Object.entries(colours).map(([name, text]) => [
      name,
      Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)),
    ]),
  );
}
