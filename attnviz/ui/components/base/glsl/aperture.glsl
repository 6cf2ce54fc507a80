// Points that fill the lens's opening evenly (Vogel's spiral), and the lights that bloom in it.

const float PI = 3.14159265358979;
const float GOLDEN_ANGLE = 2.39996322972865;

uniform int uCorners;       // 0 for a disc, else a polygon of the same area
uniform sampler2D uPhoto;   // sRGB, so that sampling gives linear light
#ifdef BLOOM
uniform sampler2D uClipped; // the light of those pixels alone that the camera has clipped
uniform float uHighlights;  // how many times more of it there shall be
#endif

// How far the opening reaches at an angle, for the polygon with the area of the unit disc.
float reachAt(float angle) {
  if (uCorners == 0) return 1.0;
  float n = float(uCorners);
  float sector = 2.0 * PI / n;
  float corner = sqrt(2.0 * PI / (n * sin(sector)));
  return corner * cos(0.5 * sector) / cos(mod(angle, sector) - 0.5 * sector);
}

// Point `i` of `count`: its offset for a radius of 1, and the area that it stands for.
vec3 openingPoint(int i, int count) {
  float angle = float(i) * GOLDEN_ANGLE;
  float reach = reachAt(angle);
  return vec3(vec2(cos(angle), sin(angle)) * reach * sqrt((float(i) + 0.5) / float(count)), reach * reach);
}

// Mirrored at the picture's borders, as the server's blur is; more than once on a narrow picture.
vec2 mirrored(vec2 uv) {
  return 1.0 - abs(mod(uv, 2.0) - 1.0);
}

// Linear light; clipped lights gain by how far out of focus they are.
vec3 lightAt(vec2 uv, float lod, float surround) {
  vec3 light = textureLod(uPhoto, uv, lod).rgb;
#ifdef BLOOM
  light += uHighlights * surround * textureLod(uClipped, uv, lod).rgb;
#endif
  return light;
}
