#version 300 es
// One level of the ladder: the whole photo through one disc, at its own place in the atlas.
precision highp float;
#include "aperture.glsl"
#include "srgb.glsl"

uniform vec2 uPhotoSize;
uniform vec4 uPlace;        // x, y, width, height in the atlas, px
uniform float uDisc;        // radius, px of the photo
uniform int uCount;
out vec4 result;

void main() {
  vec2 uv = (gl_FragCoord.xy - uPlace.xy) / uPlace.zw;
  float lod = max(0.0, 0.5 * log2(PI * uDisc * uDisc / float(uCount)));
  vec3 sum = vec3(0.0);
  float total = 0.0;
  for (int i = 0; i < uCount; i++) {
    vec3 point = openingPoint(i, uCount);
    sum += point.z * lightAt(mirrored(uv + point.xy * uDisc / uPhotoSize), lod, 1.0);
    total += point.z;
  }
  result = vec4(encoded(min(sum / total, 1.0)), 1.0);
}
