// What the two rating pages share: asking the server, loading pictures ahead, zoom, dialogs.

export const $ = (id) => document.getElementById(id);

const WIDTHS = [1024, 1600, 2400, 3200];

export function screenSide() {
  const longest = Math.max(screen.width, screen.height) * devicePixelRatio;
  return WIDTHS.find((side) => side >= longest) ?? WIDTHS.at(-1);
}

export class Gone extends Error {}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Gone("framesift has ended. Everything rated is kept; run it again to go on.");
  }
  if (answer.ok) return answer;
  let message = `${answer.status} ${answer.statusText}`;
  try { message = (await answer.json()).error ?? message; } catch { /* no JSON: the status says it */ }
  throw new Error(message);
}

export const get = async (path) => (await ask(path)).json();
export const post = async (path, data = {}) => (await ask(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
})).json();

// Pictures by number, the last few of them kept in memory and none on the disk.
export class Loader {
  constructor(side, keep) { this.side = side; this.keep = keep; this.kept = new Map(); }

  load(index) {
    const found = this.kept.get(index) ?? this.fetch(index);
    this.kept.delete(index);
    this.kept.set(index, found);
    while (this.kept.size > this.keep) {
      const [oldest, promise] = this.kept.entries().next().value;
      this.kept.delete(oldest);
      promise.then((url) => URL.revokeObjectURL(url), () => {});
    }
    return found;
  }

  fetch(index) {
    const found = ask(`picture/${index}?side=${this.side}`)
      .then((answer) => answer.blob()).then((blob) => URL.createObjectURL(blob));
    found.catch((error) => { if (error instanceof Gone) this.kept.delete(index); });
    return found;
  }

  ahead(indices) { for (const index of indices) this.load(index).catch(() => {}); }
}

export function trouble(text = "") {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

export function say(text) { $("said").textContent = text; }

export function listFailures(entries) {
  const box = $("failures");
  box.hidden = entries.length === 0;
  box.querySelector("summary").textContent =
    entries.length === 1 ? "1 picture cannot be shown" : `${entries.length} pictures cannot be shown`;
  box.querySelector("ul").replaceChildren(...entries.map(([name, reason]) => {
    const item = document.createElement("li");
    item.textContent = `${name}: ${reason}`;
    return item;
  }));
}

// One or two pictures at 100 %: one pixel of the picture is one of the screen.
export class Zoom {
  constructor(stages) {
    this.stages = stages;
    this.loader = new Loader("full", 2);
    this.on = false;
    this.turn = 0;
    for (const stage of stages) {
      const frame = stage.querySelector(".frame");
      frame.addEventListener("click", (event) => this.toggle(place(frame, event)));
      frame.addEventListener("scroll", () => this.follow(frame));
    }
    $("zoom").addEventListener("click", () => this.toggle());
  }

  show(indices) { this.indices = indices; if (this.on) this.leave(); }

  async toggle(at = [0.5, 0.5]) {
    if (this.on) { this.leave(); return; }
    const turn = ++this.turn;
    this.before = this.stages.map((stage) => stage.querySelector("img").src);
    this.mark(true);
    try {
      await Promise.all(this.stages.map(async (stage, place) => {
        const wait = stage.querySelector(".wait");
        wait.hidden = false;
        const url = await this.loader.load(this.indices[place]);
        if (turn !== this.turn) return;
        const image = stage.querySelector("img");
        image.src = url;
        await image.decode();
        if (turn !== this.turn) return;
        image.style.setProperty("--w", `${image.naturalWidth / devicePixelRatio}px`);
        image.style.setProperty("--h", `${image.naturalHeight / devicePixelRatio}px`);
        stage.classList.add("zoomed");
        wait.hidden = true;
        const frame = stage.querySelector(".frame");
        frame.scrollTo((frame.scrollWidth - frame.clientWidth) * at[0], (frame.scrollHeight - frame.clientHeight) * at[1]);
      }));
    } catch (error) {
      if (turn === this.turn) { this.leave(); trouble(error.message); }
    }
  }

  leave() {
    this.turn += 1;
    this.stages.forEach((stage, place) => {
      stage.classList.remove("zoomed");
      stage.querySelector(".wait").hidden = true;
      stage.querySelector("img").src = this.before[place];
    });
    this.mark(false);
  }

  mark(on) { this.on = on; $("zoom").setAttribute("aria-pressed", String(on)); }

  follow(frame) {
    if (!this.on || this.stages.length === 1) return;
    const share = [frame.scrollLeft / (frame.scrollWidth - frame.clientWidth || 1), frame.scrollTop / (frame.scrollHeight - frame.clientHeight || 1)];
    for (const stage of this.stages) {
      const other = stage.querySelector(".frame");
      if (other === frame) continue;
      const left = Math.round(share[0] * (other.scrollWidth - other.clientWidth));
      const top = Math.round(share[1] * (other.scrollHeight - other.clientHeight));
      if (Math.abs(other.scrollLeft - left) > 2 || Math.abs(other.scrollTop - top) > 2) other.scrollTo(left, top);
    }
  }

  // Returns whether the key moved or left the enlarged picture.
  key(key) {
    if (!this.on) return false;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (key in steps) {
      const room = (frame) => steps[key][0] ? frame.scrollWidth - frame.clientWidth : frame.scrollHeight - frame.clientHeight;
      const frames = this.stages.map((stage) => stage.querySelector(".frame"));
      const frame = frames.reduce((best, other) => (room(other) > room(best) ? other : best));
      frame.scrollBy(steps[key][0] * frame.clientWidth / 4, steps[key][1] * frame.clientHeight / 4);
      return true;
    }
    if (key === "Escape") { this.leave(); return true; }
    return false;
  }
}

// Where inside the picture a click fell, from 0 to 1 each way.
function place(frame, event) {
  const image = frame.querySelector("img");
  const box = frame.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const within = (at, start, room, size) => Math.min(1, Math.max(0, (at - start - (room - size) / 2) / size));
  return [
    within(event.clientX, box.left, box.width, image.naturalWidth * scale),
    within(event.clientY, box.top, box.height, image.naturalHeight * scale),
  ];
}

export function setUp({ onKey, zoom, finished }) {
  const help = $("help");
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.());
  $("keys").addEventListener("click", () => help.showModal());
  $("full").addEventListener("click", full);
  const end = async () => {
    try { await post("finish"); } catch (error) { if (!(error instanceof Gone)) { trouble(error.message); return; } }
    finished();
  };
  $("finish").addEventListener("click", end);
  $("finish-too").addEventListener("click", end);
  addEventListener("keydown", (event) => {
    if (help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (zoom.key(event.key)) { event.preventDefault(); return; }
    const common = { "?": () => help.showModal(), f: full, z: () => zoom.toggle() }[event.key];
    if (common ? (event.repeat || common(), true) : onKey(event)) event.preventDefault();
  });
}

// After the end nothing can be pressed, and the page says that it may be closed.
export function closePage(text) {
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  document.querySelectorAll(".stage, footer").forEach((part) => { part.hidden = true; });
  $("end").hidden = false;
  $("end").querySelector(".row").hidden = true;
  $("end-title").textContent = "Finished";
  $("end-text").textContent = text;
  $("end").focus();
}
