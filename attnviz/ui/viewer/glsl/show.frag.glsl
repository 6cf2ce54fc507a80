#version 300 es
// One surface in one rectangle of the canvas. Which one is a #define: PHOTO, DRAFT or REFINED (both
// are the focus picture), or HEAT. Software rasterisers compute every branch of a shader, taken or
// not, so there are no branches.
precision highp float;
precision highp sampler2DArray;
#include "lens.glsl"

uniform sampler2D uPhoto;   // in REFINED, the exact picture
uniform vec4 uPane;         // x, y (from the top), width, height, px of the canvas
uniform float uCanvasHeight;
uniform vec3 uZoom;         // scale, centre
uniform float uLod;         // of the photo's copy that fits the zoom
out vec4 result;

#ifdef DRAFT
uniform sampler2D uAtlas;   // roots of light
uniform vec4 uPlaces[10];   // the ladder's levels in the atlas: x, y, width, height, px
uniform vec2 uAtlasSize;
uniform int uLevels;

vec3 levelAt(int level, vec2 uv) {
  vec4 place = uPlaces[level];
  vec2 at = place.xy + clamp(uv * place.zw, vec2(0.5), place.zw - 0.5);
  vec3 root = textureLod(uAtlas, at / uAtlasSize, 0.0).rgb;
  return root * root;
}

// Neighbouring levels of the ladder, mixed by the circle of confusion; level -1 is the photo.
vec3 draft(vec2 uv, vec3 sharp) {
  float radius = circleOfConfusion(focusAt(uv));
  float position = radius < 2.0 ? 0.5 * radius - 1.0 : log2(0.5 * radius);
  position = min(position, float(uLevels - 1));
  float level = floor(position);
  vec3 upper = levelAt(min(int(level) + 1, uLevels - 1), uv);
  vec3 lower = mix(sharp, levelAt(max(int(level), 0), uv), step(0.0, level));
  return mix(lower, upper, position - level);
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

// sRGB. While something moves, roots in place of the power, for their speed without a GPU: less than
// half a code off from code 6 on, and up to two below.
vec3 encoded(vec3 light) {
#ifdef DRAFT
  vec3 root = sqrt(light);
  vec3 fourth = sqrt(root);
  vec3 sum = 0.662002687 * root + 0.684122060 * fourth - 0.323583601 * sqrt(fourth);
  return max(sum - 0.022541147 * light, 0.0);
#else
  vec3 curve = 1.055 * pow(max(light, 0.0), vec3(1.0 / 2.4)) - 0.055;
  return mix(12.92 * light, curve, step(0.0031308, light));
#endif
}

void main() {
  vec2 share = (vec2(gl_FragCoord.x, uCanvasHeight - gl_FragCoord.y) - uPane.xy) / uPane.zw;
  vec2 uv = uZoom.yz + (share - 0.5) / uZoom.x;
  vec3 light = textureLod(uPhoto, uv, uLod).rgb;
#ifdef DRAFT
  light = draft(uv, light);
#endif
  vec3 shown = encoded(light);
#ifdef HEAT
  shown = heat(uv, shown);
#endif
  result = vec4(shown, 1.0);
}
