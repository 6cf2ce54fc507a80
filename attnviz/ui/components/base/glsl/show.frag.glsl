#version 300 es
// One surface in one rectangle of the canvas. Which one is a #define: PHOTO, DRAFT or REFINED (both
// are the focus picture), or HEAT. With CODES the photo comes as it was stored, without a detour
// over linear light. Software rasterisers compute every branch of a shader, taken or not, so there
// are no branches.
precision highp float;
precision highp sampler2DArray;
#include "lens.glsl"

uniform sampler2D uPhoto;   // in REFINED, the exact picture; sRGB codes, or light that was decoded
uniform vec4 uPane;         // x, y (from the top), width, height, px of the canvas
uniform float uCanvasHeight;
uniform vec3 uZoom;         // scale, centre
uniform float uLod;         // of the photo's copy that fits the zoom
out vec4 result;

#ifdef DRAFT
uniform sampler2D uAtlas;   // codes
uniform vec4 uPlaces[10];   // the ladder's levels in the atlas: x, y, width, height, px
uniform vec2 uAtlasSize;
uniform int uLevels;

vec3 levelAt(int level, vec2 uv) {
  vec4 place = uPlaces[level];
  vec2 at = place.xy + clamp(uv * place.zw, vec2(0.5), place.zw - 0.5);
  vec3 code = textureLod(uAtlas, at / uAtlasSize, 0.0).rgb;
  return code * code;
}

// Neighbouring levels of the ladder, mixed by the circle of confusion; level -1 is the photo. While
// something moves, the square of a code stands for its light: what is not mixed comes out exactly.
vec3 draft(vec2 uv, vec3 code) {
  float radius = circleOfConfusion(focusAt(uv));
  float position = radius < 2.0 ? 0.5 * radius - 1.0 : log2(0.5 * radius);
  position = min(position, float(uLevels - 1));
  float level = floor(position);
  vec3 upper = levelAt(min(int(level) + 1, uLevels - 1), uv);
  vec3 lower = mix(code * code, levelAt(max(int(level), 0), uv), step(0.0, level));
  return sqrt(mix(lower, upper, position - level));
}
#endif

#ifdef HEAT
const float LEAST_SHADE = 0.35;  // heat keeps this share of its brightness over black
uniform sampler2D uColours;
uniform float uOpacity;

vec3 heat(vec2 uv, vec3 photo) {
  float grey = dot(photo, vec3(0.299, 0.587, 0.114));
  int code = int(scaledAt(uv) * 255.0 + 0.5);
  vec3 colour = texelFetch(uColours, ivec2(code, 0), 0).rgb;
  return mix(photo, colour * (LEAST_SHADE + (1.0 - LEAST_SHADE) * grey), uOpacity);
}
#endif

#include "srgb.glsl"

void main() {
  vec2 share = (vec2(gl_FragCoord.x, uCanvasHeight - gl_FragCoord.y) - uPane.xy) / uPane.zw;
  vec2 uv = uZoom.yz + (share - 0.5) / uZoom.x;
  vec3 shown = textureLod(uPhoto, uv, uLod).rgb;
#ifndef CODES
  shown = encoded(shown);
#endif
#ifdef DRAFT
  shown = draft(uv, shown);
#endif
#ifdef HEAT
  shown = heat(uv, shown);
#endif
  result = vec4(shown, 1.0);
}
