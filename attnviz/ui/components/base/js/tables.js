// Bytes in a script or page: base64, as Python writes it.

/** The bytes that base64 stands for. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

/** The colour tables, 256 x RGB: {name: Uint8Array} from base64. */
export function decodedTables(colours) {
  return Object.fromEntries(
    Object.entries(colours).map(([name, text]) => [name, fromBase64(text)]),
  );
}
