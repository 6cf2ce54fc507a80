// A round in the browser: what is drawn, what is read out, and the one message at its end.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../../attnviz/ui/components/bubble_game/js/main.js";
import { Player } from "../../../../attnviz/ui/components/bubble_game/js/player.js";
import { Replay } from "../../../../attnviz/ui/components/bubble_game/js/replay.js";
import { Element, installPage, near, until } from "../base/fakes.js";
import { HOSTILE, REPLAY, RULES, SIDES, blob, canvas, component } from "./bubbles_parts.js";

let time, place, messages, waiting;

const part = (selector) => place.querySelector(selector);
const text = (name) => part(`.${name}`).textContent;
const press = (key, more = {}) => part(".stage").dispatch("keydown", { key, ...more });
const at = (x, y) => part(".stage canvas").dispatch("click", { clientX: 10 + x, clientY: 20 + y });
const places = () =>
  part(".stage canvas").done.filter(([name, what]) => name === "drawImage" && what !== "soft").length;
const show = (header, pictures = 2) =>
  mount({
    parentElement: place,
    data: blob(header, Array.from({ length: pictures }, (_, index) => [index])),
    setTriggerValue: (...given) => messages.push(given),
  });

function page(name) {
  place = component(name);
  const root = part(`.${name}`);
  for (const node of [root, ...root.descendants()]) {
    node.style = { setProperty: (key, value) => (node.style[key] = value) };
  }
  const stage = place.querySelector(".stage canvas");
  if (stage) stage.bounds = { left: 10, top: 20, width: 400, height: 200 };
}

beforeEach(() => {
  time = installPage().clock;
  document.createElement = (tag) => {
    const node = tag === "canvas" ? canvas() : new Element(tag);
    node.style = { setProperty: (key, value) => (node.style[key] = value) };
    return node;
  };
  messages = [];
  waiting = [];
  globalThis.createImageBitmap = async (jpeg) => {
    assert.equal(jpeg.type, "image/jpeg");
    const index = waiting.push(null) - 1;
    waiting[index] = [...new Uint8Array(await jpeg.arrayBuffer())];
    return ["soft", "sharp", "heat"][index];
  };
  page("play");
});

async function begun(changes = {}) {
  const header = { ...RULES, ...changes };
  const close = show(header);
  await until(() => !part(".start").disabled);
  part(".start").dispatch("click");
  return close;
}

test("clicks before the picture has loaded do nothing", async () => {
  let ready;
  globalThis.createImageBitmap = () => new Promise((done) => (ready = done));
  const player = new Player(part(".play"));
  player.announce(RULES);
  assert.equal(part(".start").disabled, true);
  assert.equal(text("start"), "Loading …");
  player.start();
  at(100, 100);
  press("Enter");
  assert.equal(part(".stage canvas").done.length, 0);
  assert.equal(text("count"), "0 of 3");
  player.ready(["soft", "sharp"]);
  at(100, 100);
  assert.equal(text("count"), "0 of 3", "loaded, but not begun");
  assert.equal(ready, undefined);
  player.close();
});

test("a whole round by pointer: one bubble at a time, one message at the end", async () => {
  await begun();
  assert.equal(part(".cover").hidden, true);
  assert.equal(part(".finish").hidden, true);
  assert.equal(document.activeElement, part(".stage"));
  for (const [index, x] of [40, 200, 360].entries()) {
    time.advance(1000);
    const before = places();
    at(x, 100);
    assert.equal(places(), before + 1, "one bubble, whatever was open");
    assert.equal(text("count"), `${index + 1} of 3`);
    assert.match(text("sentence"), index < 2 ? new RegExp(`^Bubble ${index + 1}, `) : /^Over\.$/);
    assert.equal(part(".finish").hidden, index !== 1);
  }
  assert.equal(part(".end").hidden, false);
  assert.equal(document.activeElement, part(".end"));
  assert.deepEqual(messages, []);
  at(100, 100);
  press("Enter");
  assert.equal(text("count"), "3 of 3");
  time.advance(500);
  part(".answer").value = HOSTILE;
  part(".done").dispatch("click");
  part(".done").dispatch("click");
  part(".answer").dispatch("keydown", { key: "Enter" });
  const clicks = [[0.5, 0.1, 1000], [0.5, 0.5, 2000], [0.5, 0.9, 3000]];
  assert.deepEqual(messages, [["round", { id: "one", clicks, ms: 3500, answer: HOSTILE }]]);
});

test("a whole round by keyboard", async () => {
  await begun({ asks: false });
  assert.equal(part(".cursor").hidden, true);
  assert.equal(press("ArrowRight").defaultPrevented, true);
  assert.equal(part(".cursor").hidden, false);
  press("ArrowDown", { shiftKey: true });
  near(parseFloat(part(".cursor").style.left), 52, 1e-6);
  near(parseFloat(part(".cursor").style.top), 66, 1e-6, "as far in px as across");
  assert.equal(text("sentence"), "52 % from the left, 66 % from the top.");
  assert.equal(press(" ").defaultPrevented, true);
  assert.equal(text("count"), "1 of 3");
  press("Enter", { repeat: true });
  for (const key of ["Tab", "a", "Escape"]) assert.equal(press(key).defaultPrevented, false);
  press("Enter", { ctrlKey: true });
  assert.equal(text("count"), "1 of 3");
  for (let step = 0; step < 80; step++) press("ArrowLeft");
  time.advance(1000);
  press("Enter");
  part(".finish").dispatch("click");
  assert.equal(text("over"), "Over.");
  assert.equal(part(".question").hidden, true);
  part(".done").dispatch("click");
  const [[, { clicks, answer }]] = messages;
  assert.equal(clicks.length, 2);
  assert.deepEqual([clicks[0].slice(0, 2).map((one) => one.toFixed(2)), clicks[1][1], answer],
    [["0.66", "0.52"], 0, ""]);
});

test("the clock runs down, and then nothing is to be seen any more", async () => {
  await begun({ seconds: 20, most: 30 });
  assert.equal(text("clock"), "0:20");
  at(100, 100);
  time.advance(15_200);
  assert.equal(text("clock"), "0:05");
  assert.equal(part(".clock").classList.contains("last"), true);
  at(300, 50);
  time.advance(4000);
  assert.equal(part(".end").hidden, true);
  time.advance(1000);
  assert.equal(part(".end").hidden, false);
  assert.equal(text("clock"), "0:00");
  assert.equal(text("count"), "2 bubbles");
  assert.deepEqual(part(".stage canvas").done.at(-1), ["drawImage", "soft", 0, 0, 200, 100]);
  time.advance(60_000);
  part(".done").dispatch("click");
  assert.equal(messages[0][1].ms, 20_000);
  assert.equal(time.timers.size, 0, "the clock has stopped");
});

test("fewer than two bubbles are no round, but it can be begun again", async () => {
  await begun({ seconds: 20, most: 30 });
  at(100, 100);
  time.advance(21_000);
  assert.equal(text("over"), "Too few.");
  assert.equal(part(".done").hidden, true);
  part(".restart").dispatch("click");
  assert.equal(part(".end").hidden, true);
  assert.equal(text("count"), "0 bubbles");
  at(50, 50);
  at(350, 150);
  part(".finish").dispatch("click");
  assert.equal(part(".done").hidden, false);
  part(".done").dispatch("click");
  assert.equal(messages[0][1].clicks.length, 2);
});

test("the same bytes leave a round alone, others begin anew, what is closed hears nothing", async () => {
  await begun();
  at(100, 100);
  show(RULES);
  await Promise.resolve();
  assert.equal(text("count"), "1 of 3");
  waiting = [];
  const close = show({ ...RULES, id: "two", most: 5 });
  assert.equal(text("count"), "0 of 5");
  assert.equal(part(".cover").hidden, false);
  await until(() => !part(".start").disabled);
  part(".start").dispatch("click");
  close();
  at(100, 100);
  assert.equal(text("count"), "0 of 5");
  assert.equal(time.timers.size, 0);
});

test("a round is played back bubble by bubble, on both sides, with names as text alone", async () => {
  page("replay");
  const close = show(REPLAY, 3);
  await until(() => text("where") === "2 of 2 open");
  const [mine, other] = place.querySelectorAll("figure");
  const sentence = () => place.querySelectorAll(".p").map((one) => one.textContent);
  assert.equal(other.querySelector(".name").textContent, HOSTILE);
  assert.deepEqual(sentence(), [`2 bubbles: ${HOSTILE} 0.50`, `1 bubble: ${HOSTILE} 0.88`]);
  assert.equal(mine.querySelector(".fill").style.width, "50%");
  part(".back").dispatch("click");
  assert.deepEqual(sentence(), [`1 bubble: ${HOSTILE} 0.25`, `1 bubble: ${HOSTILE} 0.88`]);
  part(".step").value = "0";
  part(".step").dispatch("input");
  assert.equal(part(".back").disabled, true);
  assert.equal(part(".step").attributes["aria-valuetext"], "0 of 2 open");
  const drawn = mine.querySelector("canvas").done;
  drawn.length = 0;
  part(".forth").dispatch("click");
  assert.deepEqual(drawn[0].slice(0, 2), ["drawImage", "soft"]);
  part(".heat").checked = true;
  drawn.length = 0;
  part(".heat").dispatch("change");
  assert.deepEqual(drawn.filter(([name]) => name === "drawImage").map(([, what]) => what), ["heat"]);
  assert.equal(drawn.filter(([name]) => name === "fillText").length, 1);
  close();
  assert.deepEqual(messages, []);
});

test("playing goes to the end by itself and can be stopped", async () => {
  page("replay");
  show({ ...REPLAY, sides: [{ ...SIDES[0], probability: [] }] }, 2);
  await until(() => text("where") === "2 of 2 open");
  assert.equal(part(".over").hidden, true, "there is no map");
  assert.deepEqual(place.querySelectorAll(".p").map((one) => one.textContent), ["2 of 2 bubbles"]);
  assert.equal(part(".track").hidden, true);
  part(".run").dispatch("click");
  assert.equal(text("where"), "0 of 2 open");
  assert.equal(part(".run").attributes["aria-label"], "Pause");
  time.advance(800);
  assert.equal(text("where"), "1 of 2 open");
  part(".run").dispatch("click");
  time.advance(5000);
  assert.equal(text("where"), "1 of 2 open");
  part(".run").dispatch("click");
  time.advance(5000);
  assert.equal(text("where"), "2 of 2 open");
  assert.equal(part(".run").attributes["aria-label"], "Play");
  assert.equal(time.timers.size, 0);
  assert.ok(new Replay(part(".replay")) instanceof Replay);
});
