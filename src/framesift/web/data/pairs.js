import { $, Gone, Loader, Zoom, closePage, get, listFailures, post, say, screenSide, setUp, trouble } from "./common.js";

const stages = [$("left"), $("right")];
const loader = new Loader(screenSide(), 10);
const zoom = new Zoom(stages);
let state = await get("state");
let ready = false;
let turn = 0;

function draw() {
  const enough = state.until_enough === 0;
  const missing = enough ? state.until_goal : state.until_enough;
  $("bar").max = Math.max(1, state.compared + missing);
  $("bar").value = state.compared;
  $("count").textContent = state.compared === 1 ? "1 pair" : `${state.compared} pairs`;
  if (!enough) $("hint").textContent = `About ${missing} more until all ${state.pictures} pictures have a rating`;
  else if (missing) $("hint").textContent = `All ${state.pictures} pictures have a rating; ${missing} more make it firm`;
  else $("hint").textContent = "Every rating is firm; stop whenever you like";
  const pair = state.pairs[0];
  $("name").textContent = pair ? `A: ${pair.left_name}   B: ${pair.right_name}` : "";
  listFailures(Object.entries(state.failures));
}

async function show() {
  const mine = ++turn;
  const pair = state.pairs[0];
  const indices = pair ? [pair.left, pair.right] : [];
  zoom.show(indices);
  ready = false;
  draw();
  $("end").hidden = Boolean(pair);
  for (const part of [...stages, document.querySelector(".choice"), $("skip"), $("zoom")]) part.hidden = !pair;
  if (!pair) { say("No pair is left"); $("end").focus(); return; }
  const slow = setTimeout(() => { if (mine === turn) for (const stage of stages) stage.querySelector(".wait").hidden = false; }, 250);
  for (const stage of stages) stage.classList.add("stale");
  try {
    const urls = await Promise.allSettled(indices.map((index) => loader.load(index)));
    if (mine !== turn) return;
    const broken = urls.find((one) => one.status === "rejected");
    if (broken?.reason instanceof Gone) { trouble(broken.reason.message); return; }
    if (broken) { state = await get("state"); if (mine === turn) show(); return; }
    await Promise.all(stages.map((stage, place) => {
      const image = stage.querySelector("img");
      image.src = urls[place].value;
      image.alt = `Picture ${"AB"[place]}: ${place ? pair.right_name : pair.left_name}`;
      return image.decode();
    }));
    if (mine !== turn) return;
    ready = true;
    for (const stage of stages) stage.classList.remove("stale");
    loader.ahead(state.pairs.slice(1).flatMap((next) => [next.left, next.right]));
  } catch (error) {
    if (mine === turn) trouble(error.message);
  } finally {
    clearTimeout(slow);
    if (mine === turn) for (const stage of stages) stage.querySelector(".wait").hidden = true;
  }
}

async function judge(better) {
  const pair = state.pairs[0];
  if (!pair || !ready) return;
  ready = false;
  try {
    state = await post("judge", { left: pair.left, right: pair.right, better });
  } catch (error) {
    ready = true;
    trouble(`Not saved: ${error.message}`);
    return;
  }
  trouble();
  say({ left: "A is better", right: "B is better", tie: "Equal", skip: "Skipped" }[better] + `. ${state.compared} pairs`);
  show();
}

async function undo() {
  try {
    const before = state.given;
    state = await post("undo");
    trouble();
    say(state.given < before ? "Undone" : "Nothing to undo");
    if (state.given < before) show();
    else $("hint").textContent = "Nothing to undo";
  } catch (error) {
    trouble(`Not undone: ${error.message}`);
  }
}

const answers = { left: () => judge("left"), right: () => judge("right"), tie: () => judge("tie") };
const keys = {
  ArrowLeft: answers.left, 1: answers.left, ArrowRight: answers.right, 2: answers.right,
  ArrowDown: answers.tie, 0: answers.tie, s: () => judge("skip"), u: undo, Backspace: undo,
};

function onKey(event) {
  if (!(event.key in keys)) return false;
  if (!event.repeat) keys[event.key]();
  return true;
}

for (const [name, answer] of Object.entries(answers)) $(`choose-${name}`).addEventListener("click", answer);
$("skip").addEventListener("click", () => judge("skip"));
$("undo").addEventListener("click", undo);
setUp({ onKey, zoom, finished: () => closePage(`${state.compared} pairs are saved. The command line says how many ratings they make. You may close this page.`) });
show();
