// The eye's parts one by one: settings, drawings, sentences, the walk.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { listen, pointOf, stepped } from "../../../../attnviz/ui/components/eye/js/gaze.js";
import { buildMaps, markMap, stopSaid } from "../../../../attnviz/ui/components/eye/js/maps.js";
import { cross, rings, stopMarks } from "../../../../attnviz/ui/components/eye/js/marks.js";
import { cardSize, connect } from "../../../../attnviz/ui/components/eye/js/panel.js";
import { coarserThan, facts, sizeNote } from "../../../../attnviz/ui/components/eye/js/sentences.js";
import { onRetina, pictureAt, section, VIEW_BOX } from "../../../../attnviz/ui/components/eye/js/section.js";
import { changed, FIRST, loadSettings, storeSettings } from "../../../../attnviz/ui/components/eye/js/settings.js";
import { put } from "../../../../attnviz/ui/components/eye/js/svg.js";
import { Walk } from "../../../../attnviz/ui/components/eye/js/walk.js";
import { installPage, make, near } from "../base/fakes.js";

const ZONES = [["foveola", 1], ["fovea", 5], ["parafovea", 8], ["macula", 17]]
  .map(([name, degrees]) => ({ name, degrees }));
const DISC = { right: 15.5, up: 1.5, width: 5.5, height: 7 };
const EYE = { zones: ZONES, disc: DISC, mmPerDegree: 0.288 };
const SCREEN = { perDegree: 40, photoPerDegree: 40, pxPerCm: 37.8 };

let clock;

beforeEach(() => {
  ({ clock } = installPage());
});

test("a setting out of range is refused with a sentence, and the old one stays", () => {
  assert.equal(changed(FIRST, { distance: "45" }).settings.distance, 45);
  for (const bad of ["0", 0, "", "-3", "x", NaN, Infinity]) {
    const { settings, refused } = changed(FIRST, { distance: bad });
    assert.equal(settings.distance, 60, String(bad));
    assert.match(refused, /viewing distance in cm cannot be .* between 10 and 1000\. 60 is kept\./);
  }
  assert.match(changed(FIRST, { distance: "" }).refused, /cannot be nothing/);
  assert.deepEqual(changed(FIRST, { rings: false }), { settings: { ...FIRST, rings: false }, refused: "" });
});

test("settings are kept in the browser, and nonsense there is passed over", () => {
  const held = new Map();
  const storage = { getItem: (key) => held.get(key) ?? null, setItem: (key, text) => held.set(key, text) };
  assert.deepEqual(loadSettings(storage), FIRST);
  assert.deepEqual(loadSettings(storage, 390), { ...FIRST, distance: 35, pxPerCm: 60 }, "a phone is held nearer");
  storeSettings(storage, { ...FIRST, distance: 80, rings: false });
  assert.deepEqual(loadSettings(storage, 390), { ...FIRST, distance: 80, rings: false });
  for (const text of ["{", "7", '{"distance": 0, "coarser": "4", "rings": 3}', "null"]) {
    held.set([...held.keys()][0], text);
    assert.deepEqual(loadSettings(storage), FIRST, text);
  }
  const refusing = { getItem: () => assert.fail(), setItem: () => { throw new Error("full"); } };
  refusing.getItem = refusing.setItem;
  storeSettings(refusing, FIRST);
  assert.deepEqual(loadSettings(refusing), FIRST);
});

test("a bank card lies where it fits and stands upright where it does not", () => {
  near(cardSize(40, 600).width, 342.4);
  near(cardSize(40, 600).height, 215.92);
  near(cardSize(60, 360).width, 323.88, 1e-6, "its short side");
  near(cardSize(60, 360).height, 513.6);
});

test("the controls tell what was moved, and the screen's width gives its pixels", () => {
  const names = ["distance", "distance-cm", "coarser", "coarser-text", "card-width", "measured", "screen-cm",
    "screen-text", "show-rings", "screen", "card", "leastContrast", "decay", "halfAngle"];
  const root = make("div", {}, ...names.map((name) => make(`input.${name}`)));
  window.screen = { width: 1920 };
  const messages = [];
  const show = connect(root, (changes) => messages.push(changes));
  const part = (name) => root.querySelector(`.${name}`);
  part("screen-cm").value = "48";
  part("screen-cm").onchange();
  part("distance").value = "33";
  part("distance").oninput();
  part("measured").onclick();
  assert.deepEqual(messages, [{ pxPerCm: 40 }, { distance: "33" },
    { leastContrast: 1 / 64, decay: 0.106, halfAngle: 2.3 }]);
  part("screen").clientWidth = 600;
  show({ ...FIRST, pxPerCm: 40 });
  assert.equal(part("screen-text").textContent, "48.0 cm wide");
  near(Number.parseFloat(part("card").style.width), 342.4);
  assert.equal(part("coarser-text").textContent, "4 × coarser than a human eye");
});

test("a place on the retina lies at its angle from the nodal point, 17 mm off in the middle", () => {
  assert.deepEqual(onRetina(0), { x: 17, y: -0 });
  for (const angle of [-40, -5, 8.5, 15.5]) {
    const { x, y } = onRetina(angle);
    near((Math.atan2(-y, x) * 180) / Math.PI, angle, 1e-9);
    near(Math.hypot(x - 5.7, y), 11.3, 1e-9);
  }
});

test("the picture is drawn where its width fits, and light from its right falls to the left", () => {
  near(pictureAt(1, 40), 34);
  const wide = pictureAt(1280, 40);
  assert.ok(wide < 34 && wide >= 13);
  const angleAt = (share) => 20 * (share - 0.5);
  const drawing = section({
    zones: ZONES, disc: DISC, x0: 30, angleAt, colours: ["red", "blue"], pointed: 6,
  });
  const [source, image] = drawing.filter(([name]) => name === "circle").map(([, one]) => one);
  assert.ok(source.cy < 0 && source.cx < 0, "the right of the picture is up, seen from above");
  assert.ok(image.cy > 0 && image.cx > 0, "and falls on the other side");
  const strips = (kind) => drawing.filter(([, one]) => one.class === kind).map(([, one]) => [one.stroke, one.d]);
  const heights = (list) => Object.fromEntries(list.map(([colour, d]) => [colour, Number(d.match(/^M\S+ (\S+?)[AL]/)[1])]));
  const [row, back] = [heights(strips("row")), heights(strips("image"))];
  assert.ok(row.red > row.blue && back.red < back.blue, "the colours change sides");
  assert.ok(drawing.some((one) => one.includes("blind spot")));
  assert.equal(VIEW_BOX.length, 4);
});

test("rings have their angle, and the blind spot lies left of the left eye's gaze and below", () => {
  const drawn = rings({ gaze: { x: 700, y: 300 }, zones: ZONES, disc: DISC, perDegree: 40 });
  const radius = (name) => drawn.flat(2).find((one) => one?.class === `ring ${name}`)?.r;
  near(radius("foveola"), 20, 0.01);
  near(radius("fovea"), 100.06, 0.05);
  near(radius("macula"), 342.5, 0.5);
  const spot = drawn.find(([name, one]) => name === "ellipse" && one.class === "ring disc")[1];
  near(700 - spot.cx, 637, 5);
  near(spot.cy - 300, 61.6, 1);
});

test("stops are numbered in order, joined, and larger where the gaze rests longer", () => {
  const stops = [{ x: 1, y: 2, ms: 30 }, { x: 50, y: 60, ms: 70 }, { x: 9, y: 9, ms: 40 }];
  const drawn = stopMarks(stops, 1);
  const circles = drawn.filter(([name]) => name === "g");
  assert.deepEqual(circles.map((one) => [one[1].class, one[2][1].cx, one[3][2]]),
    [["stop", 1, 1], ["stop here", 50, 2], ["stop", 9, 3]]);
  assert.deepEqual(circles.map((one) => one[2][1].r), [12, 16, 13]);
  assert.equal(drawn.filter(([, one]) => one.class === "saccade").length, 2);
  assert.match(cross({ x: 5, y: 6 }, "gaze")[2][1].d, /^M-5 6L2 6/);
});

test("drawings become elements, and text stays text", () => {
  const made = [];
  document.createElementNS = (space, name) => {
    assert.equal(space, "http://www.w3.org/2000/svg");
    const one = { name, given: {}, inside: [], setAttribute: (key, value) => { one.given[key] = value; },
      append: (...parts) => one.inside.push(...parts) };
    made.push(one);
    return one;
  };
  const root = { replaceChildren: (...nodes) => { root.nodes = nodes; } };
  put(root, [["g", { class: "a" }, ["text", { x: 1 }, "<b>"]], null, false]);
  assert.equal(root.nodes.length, 1);
  assert.deepEqual(made.map(({ name, given }) => [name, given]), [["g", { class: "a" }], ["text", { x: "1" }]]);
  assert.deepEqual(made[1].inside, ["<b>"]);
});

test("what is said of a place: zone, distance, direction, detail in lines on the screen", () => {
  const retina = { ...FIRST, coarser: 4 };
  const rows = Object.fromEntries(facts({ right: 3, up: -4, angle: 5 }, EYE, retina, SCREEN));
  assert.equal(rows.Zone, "macula");
  assert.equal(rows["On the retina"], "5.0° from the fovea's middle, 1.4 mm, lower right");
  assert.equal(rows["Finest detail"], "12 cycles per degree: lines 0.86 mm apart on your screen");
  assert.equal(rows["This picture"], "up to 3.1 cycles per degree (4 × coarser than a human eye)");
  const middle = Object.fromEntries(facts({ right: 0, up: 0, angle: 0 }, EYE, { ...FIRST, coarser: 1 }, SCREEN));
  assert.deepEqual([middle.Zone, middle["On the retina"], middle["This picture"]],
    ["foveola", "in the middle of the fovea", "all that its pixels hold, 20 cycles per degree"]);
  const blind = facts({ right: 15, up: 2, angle: 15.1 }, EYE, retina, SCREEN);
  assert.deepEqual(blind[0], ["Zone", "blind spot"]);
  assert.match(blind[2][1], /^none/);
  assert.equal(coarserThan(1), "As fine as a human eye");
  assert.equal(coarserThan(2.5), "2.5 × coarser than a human eye");
});

test("a picture smaller than the fovea is said to be so", () => {
  assert.match(sizeNote({ width: 100, height: 60 }, ZONES, FIRST, 40), /fits on the fovea \(5°\)/);
  assert.match(sizeNote({ width: 100, height: 60 }, ZONES, { ...FIRST, coarser: 1 }, 19), /sees all that this picture/);
  assert.equal(sizeNote({ width: 900, height: 600 }, ZONES, FIRST, 40), "");
});

test("a path is played stop after stop, as long as each lasts, and ends by itself", () => {
  const seen = [];
  const host = {
    stops: [{ ms: 30 }, { ms: 50 }, { ms: 70 }], slower: 10,
    arrived: (index) => seen.push(index), playing: (now) => seen.push(now),
  };
  const walk = new Walk(host);
  walk.toggle();
  assert.deepEqual(seen, [true, 0]);
  clock.advance(299);
  assert.equal(walk.at, 0);
  clock.advance(1);
  assert.equal(walk.at, 1);
  clock.advance(500);
  assert.deepEqual(seen, [true, 0, 1, 2]);
  clock.advance(700);
  assert.deepEqual(seen, [true, 0, 1, 2, false]);
  walk.step(-1);
  walk.step(-1);
  walk.step(-1);
  assert.equal(walk.at, 0);
  walk.toggle();
  walk.toggle();
  clock.advance(9999);
  assert.equal(walk.at, 1, "paused");
  walk.reset();
  assert.equal(walk.at, -1);
  host.stops = [];
  walk.play();
  walk.step(1);
  assert.equal(walk.at, -1, "a map without a path leads nowhere");
});

test("keys move within the picture, Shift farther, and others' keys are left alone", () => {
  const at = { x: 0.5, y: 0.5 };
  assert.deepEqual(stepped(at, { key: "ArrowRight" }), { x: 0.51, y: 0.5 });
  assert.deepEqual(stepped(at, { key: "ArrowUp", shiftKey: true }), { x: 0.5, y: 0.45 });
  assert.deepEqual(stepped({ x: 0, y: 1 }, { key: "ArrowLeft" }), { x: 0, y: 1 });
  assert.equal(stepped(at, { key: "ArrowLeft", altKey: true }), null);
  assert.equal(stepped(at, { key: "a" }), null);
});

test("the mouse moves and clicks, a finger moves while it is down and never clicks", () => {
  const canvas = make("canvas", { bounds: { left: 100, top: 50, width: 200, height: 100 } });
  const messages = [];
  listen(canvas, {
    move: ({ x, y }) => messages.push(["move", x, y]), click: ({ x, y }) => messages.push(["click", x, y]),
    leave: () => messages.push(["leave"]), key: ({ key }) => key === "f",
  });
  const event = (type, clientX, clientY, pointerType = "mouse") =>
    canvas.dispatch(type, { clientX, clientY, pointerType, button: 0 });
  event("pointermove", 150, 100);
  event("pointerdown", 150, 100);
  event("pointerup", 152, 100);
  event("pointerdown", 150, 100);
  event("pointerup", 250, 100);
  event("pointermove", 200, 60, "touch");
  event("pointerdown", 200, 60, "touch");
  event("pointermove", 400, 60, "touch");
  event("pointerup", 400, 60, "touch");
  event("pointerleave", 0, 0);
  assert.deepEqual(messages, [["move", 0.25, 0.5], ["click", 0.26, 0.5], ["move", 0.5, 0.1], ["move", 1, 0.1], ["leave"]]);
  assert.equal(canvas.dispatch("keydown", { key: "f" }).defaultPrevented, true);
  assert.equal(canvas.dispatch("keydown", { key: "g" }).defaultPrevented, false);
  assert.deepEqual(pointOf({ clientX: -5, clientY: 500 }, canvas.bounds), { x: 0, y: 1 });
});

test("maps are chosen by click and arrow, and their names are text", () => {
  const row = make("div");
  const chosen = [];
  const paths = [{ title: "<b>one", note: "a" }, { title: "two", note: "b" }];
  buildMaps(row, paths, ["blob:1", "blob:2"], (index) => chosen.push(index));
  row.children[1].onclick();
  row.children[1].onkeydown({ key: "ArrowRight", preventDefault() {} });
  row.children[0].onkeydown({ key: "x", preventDefault: () => assert.fail() });
  assert.deepEqual(chosen, [1, 0]);
  assert.equal(row.children[0].textContent, "<b>onea");
  markMap(row, 1);
  assert.deepEqual(row.children.map((one) => [one.attributes["aria-checked"], one.tabIndex]), [["false", -1], ["true", 0]]);
  const stops = [{ strength: 1, ms: 30 }, { strength: 0.6, ms: 50 }];
  assert.match(stopSaid({ title: "a" }, stops, -1), /^2 fixations, strongest place first/);
  assert.equal(stopSaid({}, stops, 1), "Fixation 2 of 2: 60 % as strong as the first, won after 50 ms of the simulation.");
  assert.equal(stopSaid({ refused: "why" }, [], -1), "");
});
