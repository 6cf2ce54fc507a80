// From the maps to a circle of confusion: the formulas of the server's renderer.

uniform sampler2DArray uMaps;  // shares of each layer's own range, over the whole picture
uniform vec2 uLayers;          // the two layers next to the position
uniform float uMix;            // how far the position lies from the first to the second
uniform vec4 uStretch;         // factor and offset of both, to the chosen scale
uniform vec4 uBox;             // top, left, bottom, right of what the network saw
uniform vec2 uCurve;           // threshold, softness
uniform float uRadius;         // of the largest disc, in px of the photo

float scaledOf(vec2 uv, float layer, vec2 stretch) {
  vec2 inside = step(uBox.yx, uv) * step(uv, uBox.wz);
  // A flat map (factor 0) has one value, inside and outside.
  float seen = stretch.x == 0.0 ? 1.0 : inside.x * inside.y;
  return seen * clamp(texture(uMaps, vec3(uv, layer)).r * stretch.x + stretch.y, 0.0, 1.0);
}

float scaledAt(vec2 uv) {
#ifdef BLEND
  return mix(scaledOf(uv, uLayers.x, uStretch.xy), scaledOf(uv, uLayers.y, uStretch.zw), uMix);
#else
  return scaledOf(uv, uLayers.x, uStretch.xy);
#endif
}

float focusAt(vec2 uv) {
  float t = clamp((scaledAt(uv) - (uCurve.x - 0.5 * uCurve.y)) / uCurve.y, 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

float circleOfConfusion(float focus) {
  return uRadius * (1.0 - focus);
}
