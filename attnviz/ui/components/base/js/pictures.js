// Encoded pictures of a blob as bitmaps or addresses.

// Codes stay what the server wrote: no colour management, no multiplication by alpha.
const AS_STORED = /** @type {const} */ ({ colorSpaceConversion: "none", premultiplyAlpha: "none" });

/**
 * A picture decoded as it is stored.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} type
 * @returns {Promise<ImageBitmap>}
 */
export function decoded(bytes, type = "image/jpeg") {
  return createImageBitmap(new Blob([bytes], { type }), AS_STORED);
}

/**
 * An address for an `img`; whoever makes it gives it back with `URL.revokeObjectURL`.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} type
 */
export function pictureUrl(bytes, type = "image/jpeg") {
  return URL.createObjectURL(new Blob([bytes], { type }));
}
