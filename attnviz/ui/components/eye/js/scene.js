// A blob made ready to be drawn: photo, retina and maps decoded, and a small copy of the photo.

import { unpack } from "../../base/js/blob.js";
import { decoded, pictureUrl } from "../../base/js/pictures.js";
import { drawRetina, frame, SIDE } from "./retina.js";

const SMALL = 320;

function canvasOf(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return canvas.getContext("2d", { willReadFrequently: true });
}

/** A small copy of the photo as codes, and its scale. */
function reduced(bitmap) {
  const scale = Math.min(1, SMALL / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = canvasOf(width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { data, width, height, scale: width / bitmap.width };
}

/** The retina's codes: the photograph turned to be seen from behind, or a drawing of one. */
function retinaCodes(bitmap, place) {
  const context = canvasOf(SIDE, SIDE);
  if (bitmap) {
    context.translate(SIDE, 0);
    context.scale(-1, 1);
    context.drawImage(bitmap, 0, 0, SIDE, SIDE);
  } else {
    drawRetina(context, place);
  }
  return context.getImageData(0, 0, SIDE, SIDE).data;
}

/** The scene in a blob. */
export async function readScene(bytes) {
  const { header, array } = unpack(bytes);
  const picture = (name) => array(name).data;
  const fundus = picture("retina");
  const [bitmap, back] = await Promise.all([
    decoded(picture("photo")), fundus.length ? decoded(fundus) : null,
  ]);
  const place = frame(header.fundus);
  const scene = {
    header,
    bitmap,
    place,
    width: bitmap.width,
    height: bitmap.height,
    small: reduced(bitmap),
    retina: retinaCodes(back, place),
    addresses: header.paths.map((_, index) => pictureUrl(picture(`map ${index}`))),
  };
  back?.close();
  return scene;
}

/** Give back what a scene holds. */
export function release(scene) {
  scene?.bitmap.close();
  scene?.addresses.forEach((address) => URL.revokeObjectURL(address));
}

/** Colours of the photo's row at y (0..1), left to right, from a small copy: CSS colours. */
export function rowColours({ data, width, height }, y, count) {
  const row = Math.min(Math.floor(y * height), height - 1);
  return Array.from({ length: count }, (_, i) => {
    const column = Math.min(Math.floor(((i + 0.5) / count) * width), width - 1);
    const at = 4 * (row * width + column);
    return `rgb(${data[at]} ${data[at + 1]} ${data[at + 2]})`;
  });
}
