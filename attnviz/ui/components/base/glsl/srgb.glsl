// sRGB codes in 0..1 of linear light (IEC 61966-2-1).
vec3 encoded(vec3 light) {
  vec3 curve = 1.055 * pow(max(light, 0.0), vec3(1.0 / 2.4)) - 0.055;
  return mix(12.92 * light, curve, step(0.0031308, light));
}
