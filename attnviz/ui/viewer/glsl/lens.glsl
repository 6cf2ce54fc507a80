// From the maps to a circle of confusion: the formulas of the server's renderer.

uniform sampler2DArray uMaps;  // shares of each layer's own range, over the whole picture
uniform vec2 uLayers;          // the two layers next to the position
uniform float uMix;            // how far the position lies from the first to the second
uniform vec4 uStretch;         // factor and offset of both, to the chosen scale
uniform vec4 uBox;             // top, left, bottom, right of what the network saw
uniform vec2 uCurve;           // threshold, softness
uniform float uRadius;         // of the largest disc, in px of the photo

float scaledOf(sampler2DArray maps, vec2 uv, float layer, vec2 stretch, vec4 box) {
  if (stretch.x == 0.0) return stretch.y;  // a flat map has one value, inside and outside
  bool inside = uv.y >= box.x && uv.x >= box.y && uv.y <= box.z && uv.x <= box.w;
  if (!inside) return 0.0;
  return clamp(texture(maps, vec3(uv, layer)).r * stretch.x + stretch.y, 0.0, 1.0);
}

float scaledIn(sampler2DArray maps, vec2 uv, vec4 stretch, vec4 box) {
  float value = scaledOf(maps, uv, uLayers.x, stretch.xy, box);
  if (uMix > 0.0) value = mix(value, scaledOf(maps, uv, uLayers.y, stretch.zw, box), uMix);
  return value;
}

float focusAt(vec2 uv) {
  float t = clamp((scaledIn(uMaps, uv, uStretch, uBox) - (uCurve.x - 0.5 * uCurve.y)) / uCurve.y, 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

float circleOfConfusion(float focus) {
  return uRadius * (1.0 - focus);
}
