#version 300 es
// The picture as the eye samples it: two levels of the pyramid, mixed by how far the nearest
// fixation is. The same sums as attnviz/vision/foveation.py.
precision highp float;
precision highp int;
#include "srgb.glsl"

uniform sampler2D uPhoto;       // light, with its smaller copies
uniform sampler2D uFirst;       // level 1, light
uniform sampler2D uSecond;      // level 2
uniform sampler2D uCoarse;      // levels from 3 on, one beside the other
uniform vec4 uPlaces[8];        // x, y, width, height of each there, cells
uniform vec2 uCoarseSize;
uniform vec2 uPhotoSize;
uniform vec2 uCanvas;           // px
uniform float uLod;             // of the copy that fits the canvas
uniform vec2 uFixations[16];    // x, y in px of the photo
uniform int uCount;
uniform float uBest;            // finest visible grating in the middle, cycles per degree
uniform float uHalfAngle;       // degrees
uniform float uPerDegree;       // px of the photo
out vec4 result;

const float HALF_DEGREE = 0.008726867790758789;  // its tangent
const float DEGREES = 57.29577951308232;
const float FADE_IN = 0.25;

float octavesAt(vec2 at) {
  float nearest = 1e20;
  for (int i = 0; i < uCount; i++) {
    vec2 off = at - uFixations[i];
    nearest = min(nearest, dot(off, off));
  }
  float angle = DEGREES * atan(sqrt(nearest) * 2.0 * HALF_DEGREE / uPerDegree);
  float finest = uBest * uHalfAngle / (angle + uHalfAngle);
  return clamp(log2(0.5 * uPerDegree / finest), 0.0, 10.0);
}

float finerShare(float within, bool whole) {
  float byCoarser = exp2(-exp2(2.0 * (1.0 - within)));
  float byFiner = whole ? 1.0 : exp2(-exp2(-2.0 * within));
  float share = (0.5 - byCoarser) / (byFiner - byCoarser);
  float t = clamp(within / FADE_IN, 0.0, 1.0);
  return whole ? 1.0 + (share - 1.0) * t * t * (3.0 - 2.0 * t) : share;
}

// A cubic B-spline in four fetches; the blur that it adds was left out of the level.
vec3 coarseAt(int level, vec2 uv) {
  vec4 place = uPlaces[level - 3];
  vec2 at = uv * place.zw - 0.5;
  vec2 cell = floor(at);
  vec2 f = at - cell;
  vec2 g = 1.0 - f;
  vec2 w0 = g * g * g / 6.0;
  vec2 w1 = (4.0 - 6.0 * f * f + 3.0 * f * f * f) / 6.0;
  vec2 w3 = f * f * f / 6.0;
  vec2 low = w0 + w1;
  vec2 before = cell - 0.5 + w1 / low;
  vec2 after = cell + 1.5 + w3 / (1.0 - low);
  vec2 most = place.zw - 0.5;
  before = (place.xy + clamp(before, vec2(0.5), most)) / uCoarseSize;
  after = (place.xy + clamp(after, vec2(0.5), most)) / uCoarseSize;
  vec3 top = mix(textureLod(uCoarse, vec2(after.x, before.y), 0.0).rgb,
                 textureLod(uCoarse, before, 0.0).rgb, low.x);
  vec3 bottom = mix(textureLod(uCoarse, after, 0.0).rgb,
                    textureLod(uCoarse, vec2(before.x, after.y), 0.0).rgb, low.x);
  return mix(bottom, top, low.y);
}

vec3 levelAt(int level, vec2 uv) {
  if (level == 0) return textureLod(uPhoto, uv, uLod).rgb;
  if (level == 1) return textureLod(uFirst, uv, uLod).rgb;
  if (level == 2) return textureLod(uSecond, uv, uLod).rgb;
  return coarseAt(level, uv);
}

void main() {
  vec2 uv = vec2(gl_FragCoord.x, uCanvas.y - gl_FragCoord.y) / uCanvas;
  float octaves = octavesAt(uv * uPhotoSize);
  int level = min(int(octaves), 9);
  float share = finerShare(octaves - float(level), level == 0);
  vec3 light = mix(levelAt(level + 1, uv), levelAt(level, uv), share);
  result = vec4(encoded(clamp(light, 0.0, 1.0)), 1.0);
}
