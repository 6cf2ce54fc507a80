// The visitor's cookie. It goes with the browser's session, and to this site alone.

/** The value of a cookie, or null. */
export function read(text, name) {
  const found = text.split("; ").find((one) => one.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

/**
 * Set the cookie if the browser has none; the value that it has from now on.
 *
 * @param {{ cookie: string }} place the document
 * @param {{ protocol: string }} address
 * @param {string} name
 * @param {string} token
 */
export function meet(place, address, name, token) {
  const known = read(place.cookie, name);
  if (known !== null) return known;
  const secure = address.protocol === "https:" ? "; Secure" : "";
  place.cookie = `${name}=${token}; Path=/; SameSite=Lax${secure}`;
  return token;
}
