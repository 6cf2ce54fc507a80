#version 300 es
// The picture as the eye samples it: two levels of the pyramid, mixed by how far the nearest
// fixation is. The same sums as attnviz/vision/foveation.py.
precision highp float;
precision highp int;
precision highp sampler2DArray;
#include "srgb.glsl"

uniform sampler2D uPhoto;       // light, with its smaller copies
uniform sampler2D uFirst;       // level 1, light
uniform sampler2D uSecond;      // level 2
uniform sampler2DArray uCoarse; // levels from 3 on, all brought to the size of the third
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

// Cubic convolution as in enlarge.frag.glsl, in nine fetches: the two inner weights are positive,
// and one filtered fetch between their cells gives both.
vec3 coarseAt(int level, vec2 uv) {
  const float a = -0.75;
  vec2 at = uv * uCoarseSize - 0.5;
  vec2 cell = floor(at);
  vec2 f = at - cell;
  vec2 g = 1.0 - f;
  vec2 before = a * f * g * g;
  vec2 after = a * g * f * f;
  vec2 inner = 1.0 - before - after;
  vec2 second = ((a + 2.0) * g - (a + 3.0)) * g * g + 1.0;
  vec2 last = uCoarseSize - 0.5;
  vec2 low = clamp(cell - 0.5, vec2(0.5), last) / uCoarseSize;
  vec2 mid = clamp(cell + 0.5 + second / inner, vec2(0.5), last) / uCoarseSize;
  vec2 high = clamp(cell + 2.5, vec2(0.5), last) / uCoarseSize;
  vec3 x = vec3(low.x, mid.x, high.x);
  vec3 y = vec3(low.y, mid.y, high.y);
  vec3 along = vec3(before.y, inner.y, after.y);
  vec3 across = vec3(before.x, inner.x, after.x);
  float layer = float(level - 3);
  vec3 sum = vec3(0.0);
  for (int row = 0; row < 3; row++) {
    for (int column = 0; column < 3; column++) {
      float weight = across[column] * along[row];
      sum += weight * textureLod(uCoarse, vec3(x[column], y[row], layer), 0.0).rgb;
    }
  }
  return sum;
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
