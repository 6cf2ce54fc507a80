// Colour tables, as they are sent with a component's script.

/** The colour tables, 256 x RGB: {name: Uint8Array} from base64. */
export function decodedTables(colours) {
  return Object.fromEntries(
    Object.entries(colours).map(([name, text]) => [
      name,
      Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)),
    ]),
  );
}
