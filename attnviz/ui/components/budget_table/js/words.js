// What is written beside the table, from the header of its blob.

/** A share of the picture, in %. */
export const percent = (share) => `${Number((100 * share).toFixed(1))} %`;

/** A radius in px of the network's input. */
export const pixels = (radius) => `${radius.toFixed(radius && radius < 10 ? 1 : 0)} px`;

/** A radius as a share of the diagonal. */
export const ofDiagonal = (radius, diagonal) =>
  `${((100 * radius) / diagonal).toFixed(radius ? 1 : 0)} %`;

/** What a cell's picture is, and the network's answer to it. */
export function sentences(header, [radius, share]) {
  const blur = header.radii[radius];
  const sharp = header.shares[share];
  const recognised = Boolean(header.recognised[radius][share]);
  const name = header.names[header.says[radius][share]];
  const probability = header.probability[radius][share].toFixed(2);
  const rest = `blurred by ${pixels(blur)}, ${ofDiagonal(blur, header.diagonal)} of the diagonal`;
  let cell = `${percent(sharp)} sharp, the rest ${rest}`;
  if (sharp === 0) cell = `All ${rest}`;
  if (sharp === 1 || blur === 0) cell = "All sharp";
  const instead = name === header.label ? "not confident of it" : `the network says ${name}`;
  const answer = recognised
    ? `${header.label} ${probability}`
    : `${header.label} ${probability}: ${instead}`;
  return { cell, answer, recognised };
}
