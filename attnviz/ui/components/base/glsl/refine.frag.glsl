#version 300 es
// The final picture, in px of the photo: every pixel gathers over its own disc, and nothing that is
// sharper than the pixel leaks into it. With #define OUTLINE the maps are mattes: steep edges
// between two surfaces. Software rasterisers compute every branch, hence one gather where one does.
precision highp float;
precision highp sampler2DArray;
#include "lens.glsl"
#include "aperture.glsl"

uniform vec2 uPhotoSize;
uniform int uCount;     // points of the largest discs
out vec4 result;

const float FLOOR = 5e-4;
const float SMALLEST = 1.5;  // below it a disc is no more than a little of its neighbours

float spreadWeight(float source, float own) {
  float ratio = source / own;
#ifdef OUTLINE
  return clamp(8.0 * (ratio - 0.85), FLOOR, 1.0);
#else
  return clamp(2.0 * ratio - 0.5, FLOOR, 1.0);
#endif
}

vec3 disc(vec2 uv, float own) {
  int count = clamp(int(1.5 * own * own), 12, uCount);
  float lod = max(0.0, 0.5 * log2(PI * own * own / float(count)) - 0.5);
  vec3 sum = vec3(0.0);
  float total = 0.0;
  for (int i = 0; i < count; i++) {
    vec3 point = openingPoint(i, count);
    vec2 at = mirrored(uv + point.xy * own / uPhotoSize);
    float focus = focusAt(at);
    float weight = point.z * spreadWeight(circleOfConfusion(focus), own);
    sum += weight * lightAt(at, lod, 1.0 - focus);
    total += weight;
  }
  return sum / total;
}

vec3 gather(vec2 uv, float own, vec3 sharp) {
  return mix(sharp, disc(uv, max(own, SMALLEST)), min(own / SMALLEST, 1.0));
}

#ifdef OUTLINE
// The surfaces that meet within 4 px, by their focus: (front, back).
vec2 surfacesAt(vec2 uv, float own) {
  vec2 found = vec2(own);
  for (int i = 0; i < 16; i++) {
    float angle = 0.3926990817 * float(i);
    float reach = (i & 1) == 0 ? 4.0 : 2.0;
    float near = focusAt(mirrored(uv + vec2(cos(angle), sin(angle)) * reach / uPhotoSize));
    found = vec2(max(found.x, near), min(found.y, near));
  }
  return found;
}

// The front's own colour beside an edge: the photo's, a little further inside the front.
vec3 frontColour(vec2 uv, vec3 sharp) {
  vec3 sum = vec3(0.0);
  float total = 1e-4;
  for (int i = 0; i < 12; i++) {
    float angle = 0.5235987756 * float(i);
    vec2 at = mirrored(uv + vec2(cos(angle), sin(angle)) * ((i & 1) == 0 ? 4.0 : 2.0) / uPhotoSize);
    float pure = smoothstep(0.9, 1.0, focusAt(at));
    sum += textureLod(uPhoto, at, 0.0).rgb * pure;
    total += pure;
  }
  return mix(sharp, sum / total, min(total, 1.0));
}
#endif

void main() {
  vec2 uv = gl_FragCoord.xy / uPhotoSize;
  vec3 sharp = texelFetch(uPhoto, ivec2(gl_FragCoord.xy), 0).rgb;
  float focus = focusAt(uv);
#ifdef OUTLINE
  vec2 both = surfacesAt(uv, focus);
  // Only what lies between two surfaces is a mixture; the pure front keeps its own colour.
  float mixed = step(both.y + 1e-3, focus) * step(focus, both.x - 1e-3);
  float strength = mixed * smoothstep(0.4, 0.85, both.x - both.y);
  float cover = clamp((focus - both.y) / max(both.x - both.y, 1e-4), 0.0, 1.0);
  vec3 behind = gather(uv, circleOfConfusion(mix(focus, both.y, strength)), sharp);
  float inFront = circleOfConfusion(mix(focus, both.x, strength));
  vec3 front = gather(uv, inFront, mix(sharp, frontColour(uv, sharp), strength));
  result = vec4(mix(behind, front, cover), 1.0);
#else
  result = vec4(gather(uv, circleOfConfusion(focus), sharp), 1.0);
#endif
}
