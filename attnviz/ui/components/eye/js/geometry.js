// The eye's geometry, as in attnviz/vision: degrees and pixels, the finest visible grating, and
// where on the retina a place falls. Pixels are the photo's unless stated otherwise.

const HALF_DEGREE = Math.tan(Math.PI / 360);
const DEGREES = 180 / Math.PI;

/** CSS px in a degree straight ahead, for an eye so many cm away. */
export function perDegreeOnScreen({ distance, pxPerCm }) {
  return 2 * distance * HALF_DEGREE * pxPerCm;
}

/** The angle of a place so many pixels from the one looked at. */
export function degrees(offset, perDegree) {
  return DEGREES * Math.atan((offset * 2 * HALF_DEGREE) / perDegree);
}

/** How many pixels an angle below 90 degrees reaches. */
export function pixels(angle, perDegree) {
  return (Math.tan(angle / DEGREES) * perDegree) / (2 * HALF_DEGREE);
}

/** The finest visible grating in cycles per degree, `angle` degrees off. */
export function finest({ leastContrast, decay, halfAngle, coarser }, angle) {
  return (Math.log(1 / leastContrast) / (decay * coarser)) * (halfAngle / (angle + halfAngle));
}

/** Degrees within which the eye sees all that the screen's pixels can show. */
export function sharpAngle(retina, perDegree) {
  return Math.max(0, retina.halfAngle * ((2 * finest(retina, 0)) / perDegree - 1));
}

/** Where on the retina a place falls, in degrees as its owner sees it: {right, up, angle}. */
export function landing(below, rightOf, perDegree) {
  const distance = Math.hypot(below, rightOf);
  if (!distance) return { right: 0, up: 0, angle: 0 };
  const angle = degrees(distance, perDegree);
  return { right: (-angle * rightOf) / distance, up: (angle * below) / distance, angle };
}

/** The picture's place that falls there: {below, rightOf} in pixels; the inverse of `landing`. */
export function seenAt({ right, up }, perDegree) {
  const angle = Math.hypot(right, up);
  if (!angle) return { below: 0, rightOf: 0 };
  const distance = pixels(angle, perDegree);
  return { below: (distance * up) / angle, rightOf: (-distance * right) / angle };
}

/** The zone that holds a landing: one of the eye's zones, its blind spot, or null beyond them. */
export function zoneOf(place, { zones, disc }) {
  const across = (place.right - disc.right) / (disc.width / 2);
  const along = (place.up - disc.up) / (disc.height / 2);
  if (Math.hypot(across, along) <= 1) return "blind spot";
  return zones.find(({ degrees: wide }) => place.angle <= wide / 2)?.name ?? null;
}
