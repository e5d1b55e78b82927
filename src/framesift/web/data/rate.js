import { $, Gone, Loader, Zoom, closePage, get, listFailures, post, say, screenSide, setUp, trouble } from "./common.js";

const state = await get("state");
const total = state.names.length;
const failures = new Map(Object.entries(state.failures).map(([index, reason]) => [Number(index), reason]));
const loader = new Loader(screenSide(), 8);
const zoom = new Zoom([$("stage")]);
const buttons = [];
let at = -1;      // the picture shown; total for the end
let ready = false; // whether it can be seen: nothing is rated unseen
let half = false;
let turn = 0;
let last = -1;    // the picture rated last

const rated = () => state.ratings.filter((rating) => rating !== null).length;
const open = (index) => state.ratings[index] === null && !failures.has(index);
const find = (from, step, test) => {
  for (let index = from; index >= 0 && index < total; index += step) if (test(index)) return index;
  return -1;
};

for (let value = 0; value <= 10; value += 1) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("i"), Object.assign(document.createElement("span"), { textContent: value }));
  button.addEventListener("click", () => rate(value));
  buttons.push(button);
}
const halfButton = Object.assign(document.createElement("button"), { type: "button", className: "half", textContent: "+½" });
halfButton.setAttribute("aria-label", "Half a point more with the next rating");
halfButton.addEventListener("click", () => setHalf(!half));
$("scale").append(...buttons, halfButton);

function setHalf(on) {
  half = on;
  halfButton.setAttribute("aria-pressed", String(on));
}

function draw() {
  const count = rated();
  const possible = total - failures.size;
  $("bar").max = Math.max(1, possible);
  $("bar").value = count;
  $("count").textContent = `${count} of ${possible}`;
  const [counts, most] = spread();
  const here = at < total ? state.ratings[at] : null;
  buttons.forEach((button, value) => {
    button.querySelector("i").style.setProperty("--share", counts[value] / most * 100);
    button.setAttribute("aria-label", `${value}, given ${counts[value]} times`);
    button.title = `given ${counts[value]} times`;
    button.setAttribute("aria-pressed", String(here !== null && Math.floor(here) === value));
  });
  $("name").textContent = at < total ? state.names[at] + (here === null ? "" : `: rated ${here}`) : "";
  $("hint").textContent = hint(count);
  $("skip").firstChild.textContent = here === null ? "Skip " : "Next ";
  listFailures([...failures].map(([index, reason]) => [state.names[index], reason]));
}

// How often each rating was given, halves with the whole number below them.
function spread() {
  const counts = new Array(11).fill(0);
  for (const rating of state.ratings) if (rating !== null) counts[Math.floor(rating)] += 1;
  return [counts, Math.max(1, ...counts)];
}

function drawSpread() {
  const [counts, most] = spread();
  $("spread").replaceChildren(...counts.map((count, value) => {
    const item = document.createElement("li");
    const bar = document.createElement("i");
    bar.style.setProperty("--share", count / most * 100);
    const label = Object.assign(document.createElement("span"), { textContent: value });
    item.setAttribute("aria-label", `${value}: ${count} times`);
    item.title = `${count} times`;
    item.append(bar, label);
    return item;
  }));
}

function hint(count) {
  const values = new Set(state.ratings.filter((rating) => rating !== null));
  if (count >= 20 && values.size <= 3) {
    return `Only ${values.size} different ratings so far: a finer spread teaches more`;
  }
  return last >= 0 && state.ratings[last] !== null ? `Last: ${state.ratings[last]}` : "";
}

async function show(index) {
  const mine = ++turn;
  zoom.show([index]);
  at = index;
  ready = false;
  setHalf(false);
  $("end").hidden = index < total;
  $("stage").hidden = index >= total;
  document.querySelector("footer").hidden = index >= total;
  draw();
  if (index >= total) { end(); return; }
  $("stage").classList.add("stale");
  const slow = setTimeout(() => { if (mine === turn) $("wait").hidden = false; }, 250);
  try {
    const url = await loader.load(index);
    if (mine !== turn) return;
    $("picture").src = url;
    $("picture").alt = `Picture to rate: ${state.names[index]}`;
    await $("picture").decode();
    if (mine !== turn) return;
    ready = true;
    $("stage").classList.remove("stale");
    const next = [];
    for (let place = index + 1; place < total && next.length < 3; place += 1) if (open(place)) next.push(place);
    loader.ahead(next);
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof Gone) { trouble(error.message); return; }
    failures.set(index, error.message);
    say(`${state.names[index]} cannot be shown and is passed over`);
    forward(index);
  } finally {
    clearTimeout(slow);
    if (mine === turn) $("wait").hidden = true;
  }
}

function end() {
  const skipped = find(0, 1, open);
  const missing = total - failures.size - rated();
  $("end-title").textContent = missing ? "That was the last picture" : "All pictures are rated";
  $("end-text").textContent = `${rated()} of ${total - failures.size} rated. Everything is saved.`;
  $("skipped").hidden = skipped < 0;
  $("skipped").textContent = missing === 1 ? "Rate the one skipped" : `Rate the ${missing} skipped`;
  drawSpread();
  say($("end-title").textContent);
  $("end").focus();
}

function forward(from) {
  const next = find(from + 1, 1, open);
  show(next < 0 ? total : next);
}

function skip() {
  if (at >= total) return;
  const next = find(at + 1, 1, (index) => !failures.has(index));
  show(next < 0 ? total : next);
}

function back() {
  const next = find(at - 1, -1, (index) => !failures.has(index));
  if (next >= 0) show(next);
}

async function rate(value) {
  if (!ready || at >= total) return;
  const index = at;
  const rating = half && value < 10 ? value + 0.5 : value;
  ready = false;
  try {
    await post("rate", { index, rating });
  } catch (error) {
    ready = true;
    trouble(`Not saved: ${error.message}`);
    return;
  }
  trouble();
  state.ratings[index] = rating;
  last = index;
  say(`Rated ${rating}. ${rated()} of ${total - failures.size}`);
  forward(index);
}

async function undo() {
  try {
    const { index, rating } = await post("undo");
    trouble();
    if (index === null) { say("Nothing to undo"); $("hint").textContent = "Nothing to undo"; return; }
    state.ratings[index] = rating;
    last = -1;
    say(`Undone: ${state.names[index]}`);
    show(index);
  } catch (error) {
    trouble(`Not undone: ${error.message}`);
  }
}

function onKey(event) {
  const { key, code, shiftKey } = event;
  let value = /^[0-9]$/.test(key) ? Number(key) : key === "t" || key === "T" ? 10 : -1;
  let more = half;
  if (value < 0 && /^Digit[0-9]$/.test(code)) {
    // Shift with a digit, or a keyboard whose digits need Shift (there without it).
    value = Number(code.at(-1));
    more = half || shiftKey;
  }
  if (value >= 0) {
    if (!event.repeat) { setHalf(more); rate(value); }
    return true;
  }
  if (event.repeat && key !== "ArrowLeft" && key !== "ArrowRight") return false;
  const actions = { ".": () => setHalf(!half), ",": () => setHalf(!half), ArrowRight: skip, ArrowLeft: back, Backspace: back, u: undo };
  if (!(key in actions)) return false;
  actions[key]();
  return true;
}

$("skip").addEventListener("click", skip);
$("back").addEventListener("click", back);
$("undo").addEventListener("click", undo);
$("skipped").addEventListener("click", () => show(find(0, 1, open)));
$("review").addEventListener("click", back);
setUp({ onKey, zoom, finished: () => closePage(`${rated()} of ${total - failures.size} pictures are rated and saved. You may close this page.`) });
show(find(0, 1, open) < 0 ? total : find(0, 1, open));
