"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const records = JSON.parse($("records").textContent);
  const list = $("cards");
  const cards = Array.from(list.children);
  const root = document.documentElement;
  const answered = records.some((record) => record.answer);
  const state = { text: "", action: "", min: 0, sort: "best", shown: cards };
  const VERDICTS = { allow: "Allowed", review: "To review", block: "Blocked" };
  const PAGE_STEP = { ArrowLeft: -1, ArrowRight: 1 };

  root.classList.add("js");

  const recordOf = (card) => records[Number(card.dataset.i)];
  const scoreOf = (record) => (record.quality ? record.quality.score : -1);
  const actionOf = (record) => (record.moderation ? record.moderation.action : "");
  // The answers of a classifier, as the tiles name them; several labels are several answers.
  function answersOf(record) {
    if (!record.answer) return [];
    const { status, labels } = record.answer;
    return status === "label" ? labels.map((l) => `label:${l}`) : [`status:${status}`];
  }
  const answerName = (key) => (key === "status:none" ? "none of these" : key.slice(key.indexOf(":") + 1));
  const sureOf = (record) => (record.answer ? record.answer.probability : -1);
  const labelsOf = (record) => (record.moderation ? record.moderation.labels : []);
  const words = (name) => name.replaceAll("_", " ");
  const plural = (n, one) => `${n.toLocaleString("en")} ${n === 1 ? one : one + "s"}`;

  function riskOf(record) {
    const weigh = (l) => (l.flagged ? 10 : 0) + (l.threshold > 0 ? l.score / l.threshold : l.score);
    const rank = { block: 3000, review: 2000, allow: 1000 }[actionOf(record)] || 0;
    return rank + Math.max(0, ...labelsOf(record).map(weigh));
  }

  // What a search looks at, made once per picture and only when somebody searches.
  const haystacks = new Map();
  function haystack(record, place) {
    if (!haystacks.has(place)) {
      const flagged = labelsOf(record).filter((l) => l.flagged).map((l) => words(l.name));
      const tags = record.answer ? [] : record.tags.map((t) => t.name);
      const answer = record.answer ? [record.answer.status, ...record.answer.labels] : [];
      const found = labelsOf(record).filter((l) => l.flagged)
        .flatMap((l) => [l.part, l.softened, l.evidence.prompt, l.evidence.words]);
      haystacks.set(place, [record.path, record.kind, ...flagged, ...tags, ...answer, ...found].join("\n").toLowerCase());
    }
    return haystacks.get(place);
  }

  function passes(card) {
    const record = recordOf(card);
    if (state.min > 0 && scoreOf(record) < state.min) return false;
    const wanted = state.action;
    if (wanted === "error" && !record.error) return false;
    if (wanted && wanted !== "error" && ![actionOf(record), ...answersOf(record)].includes(wanted)) return false;
    const needles = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!needles.length) return true;
    const text = haystack(record, Number(card.dataset.i));
    return needles.every((needle) => text.includes(needle));
  }

  const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
  const given = (a, b) => a.dataset.i - b.dataset.i;
  const name = (a, b) => byName(recordOf(a).path, recordOf(b).path) || given(a, b);
  const ORDERS = {
    best: (a, b) => scoreOf(recordOf(b)) - scoreOf(recordOf(a)) || name(a, b),
    worst: (a, b) => {
      const [x, y] = [scoreOf(recordOf(a)), scoreOf(recordOf(b))];
      if (x < 0 !== y < 0) return x < 0 ? 1 : -1;
      return x - y || name(a, b);
    },
    risk: (a, b) => riskOf(recordOf(b)) - riskOf(recordOf(a)) || name(a, b),
    sure: (a, b) => sureOf(recordOf(b)) - sureOf(recordOf(a)) || name(a, b),
    unsure: (a, b) => sureOf(recordOf(a)) - sureOf(recordOf(b)) || name(a, b),
    name,
    given,
  };

  function apply() {
    state.shown = cards.filter(passes).sort(ORDERS[state.sort]);
    list.replaceChildren(...state.shown);
    const all = cards.length;
    const many = state.shown.length;
    $("count").textContent = many === all
      ? plural(all, "file")
      : `${many.toLocaleString("en")} of ${plural(all, "file")}`;
    $("none").hidden = many > 0 || (!all && records.length > 0);
    if (all) $("none").textContent = `Nothing fits. Lower the score, clear the search or show all ${answered ? "answers" : "verdicts"}.`;
    $("save").hidden = many === 0;
    for (const tile of document.querySelectorAll("button.tile[data-action]")) {
      tile.setAttribute("aria-pressed", String(tile.dataset.action === state.action));
    }
  }

  let waiting = 0;
  function soon() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(apply);
  }

  function make(tag, options, ...children) {
    const { style, ...attributes } = options || {};
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    for (const [key, value] of Object.entries(style || {})) node.style.setProperty(key, value);
    node.append(...children);
    return node;
  }

  // The sheet with everything about one picture.
  const sheet = $("detail");
  let current = null;

  function qualityPart(quality) {
    const percent = (x) => `${Math.min(Math.max(x, 0), 10) * 10}%`;
    const range = `${quality.low.toFixed(1)} to ${quality.high.toFixed(1)}`;
    return [
      make("div", { class: "big" }, make("b", {}, quality.score.toFixed(1)),
        make("span", {}, `of 10, likely ${range}`)),
      make("div", {
        class: "range", role: "img", "aria-label": `Score ${quality.score.toFixed(1)}, interval ${range}`,
        style: { "--a": percent(quality.low), "--b": percent(quality.high), "--s": percent(quality.score) },
      }, make("i"), make("b")),
      ...(quality.words ? [make("p", { class: "said" }, quality.words)] : []),
      ...(quality.unusual ? [make("p", { class: "said" },
        "Unusual picture: unlike those the head was trained on, so the score is a guess.")] : []),
      ...(quality.percentile === null ? [] : [make("p", { class: "sub" },
        `Better than ${Math.floor(quality.percentile)} % of the head's reference pictures`)]),
      ...(quality.parts.length ? [make("h3", {}, "Parts (10 is best)")] : []),
      ...quality.parts.map(partLine),
    ];
  }

  function partLine(part) {
    const told = `${words(part.name)}: ${part.score.toFixed(1)} of 10`;
    return make("div", { class: "label", title: told },
      make("span", {}, words(part.name)),
      make("span", { class: "scale", role: "img", "aria-label": told,
        style: { "--s": `${Math.min(Math.max(part.score, 0), 10) * 10}%`, "--t": "0%" } }, make("i")),
      make("span", {}, part.score.toFixed(1)));
  }

  function labelLine(label) {
    const told = `${words(label.name)}: ${label.score.toFixed(2)}, threshold ${label.threshold.toFixed(2)}` +
      `${label.flagged ? ", flagged" : ""}; from ${label.source}`;
    const cap = (x) => `${Math.min(Math.max(x, 0), 1) * 100}%`;
    return make("div", { class: label.flagged ? "label flag" : "label", title: told },
      make("span", {}, (label.flagged ? "⚑ " : "") + words(label.name)),
      make("span", { class: "scale", role: "img", "aria-label": told,
        style: { "--s": cap(label.score), "--t": cap(label.threshold) } }, make("i"), make("b")),
      make("span", {}, label.score.toFixed(2)));
  }

  function clock(seconds) {
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  }

  function third(middle, names) {
    return names[middle < 0.4 ? 0 : middle > 0.6 ? 2 : 1];
  }

  function where([left, top, right, bottom]) {
    const across = third((left + right) / 2, ["left", "", "right"]);
    const down = third((top + bottom) / 2, ["upper", "", "lower"]);
    if (across && !down) return `middle ${across}`;
    return [down, across || (down ? "middle" : "centre")].filter(Boolean).join(" ");
  }

  // Where a score comes from, in the words of the report's other formats.
  function whyLine(label) {
    const found = label.evidence;
    const from = [label.part === "list" ? "known hash" : label.part];
    if (found.tile) from.push(`tile ${where(found.tile)}`);
    if (found.time_s !== null) from.push(`at ${clock(found.time_s)}`);
    const told = [from.join(", ")];
    const kind = { image: "prompt", list: "entry" }[label.part] || "pattern";
    if (found.prompt) told.push(`${kind} \u2018${found.prompt}\u2019`);
    if (found.words) told.push(`words \u2018${found.words}\u2019`);
    told.push(`by ${label.source}`);
    const soft = label.softened
      ? [make("span", { class: "soft" }, ` Milder for ${words(label.softened)}.`)] : [];
    return make("p", { class: "why" }, `${VERDICTS[label.action]}: ${told.join("; ")}.`, ...soft);
  }

  function moderationPart(moderation) {
    const rank = { block: 20, review: 10, allow: 0 };
    const weigh = (l) => rank[l.action] + (l.flagged ? 5 : 0) + l.score;
    const sorted = [...moderation.labels].sort((a, b) => weigh(b) - weigh(a));
    return [
      make("h3", {}, "Verdict"),
      make("span", { class: `pill ${moderation.action}` }, VERDICTS[moderation.action]),
      ...(sorted.length ? [make("h3", {}, "Categories (the tick is the policy's threshold)")] : []),
      ...sorted.flatMap((l) => (l.flagged ? [labelLine(l), whyLine(l)] : [labelLine(l)])),
      ...(moderation.context.length ? [make("h3", {}, "Context"), make("ul", { class: "tags" },
        ...moderation.context.map((t) => make("li", {}, `${words(t.name)} ${t.score.toFixed(2)}`)))] : []),
    ];
  }

  function size(record) {
    const mega = (record.width * record.height) / 1e6;
    const told = mega < 0.1 ? "" : ` (${mega.toFixed(mega < 10 ? 1 : 0)} MP)`;
    return `${record.width} × ${record.height}${told}`;
  }

  function factsPart(record, card) {
    const facts = make("dl", { class: "plain" });
    const add = (term, ...value) => facts.append(make("dt", {}, term), make("dd", {}, ...value));
    add("File", record.path);
    add("Kind", record.kind);
    if (record.width !== null) add("Size", size(record));
    if (record.duration_s !== null) add("Length", `${record.duration_s.toFixed(2)} s`);
    if (record.timeline && Math.abs(record.timeline.start_s) >= 0.1) {
      add("Starts at", `${timelineView.clock(record.timeline.start_s, true)} on the stream's own clock`);
    }
    if (record.quality) add("Scored by", record.quality.head);
    if (record.moderation && record.moderation.policy) add("Policy", record.moderation.policy);
    if (record.model) add("Model", `${record.model.name} (${record.model.precision})`);
    if (record.sha256 !== null) add("SHA-256", make("code", {}, record.sha256));
    const parts = [make("h3", {}, "Details"), facts];
    if (card.dataset.href) {
      parts.push(make("a", { href: card.dataset.href, target: "_blank", rel: "noopener" }, "Open the original"));
    }
    return parts;
  }

  // Hidden pictures come blurred; the clear one is in the page only where that was asked for.
  const CLEAR = "data:image/jpeg;base64,";
  const hides = (record) => ["review", "block"].includes(actionOf(record));

  // The moment of a video that is on the stage, where one was chosen.
  let still = null;

  function stillsOf(card) {
    const node = $(`stills-${card.dataset.i}`);
    return node ? JSON.parse(node.textContent) : [];
  }

  function stageStill(record, chosen) {
    if (!chosen) return;
    still = chosen;
    const image = $("detail-image");
    const open = Boolean(chosen.c) && (chosen.shown || !$("veil").checked);
    const data = open ? chosen.c : chosen.p;
    image.hidden = !data;
    $("detail-blank").hidden = Boolean(data);
    $("detail-blank").textContent = "Not shown";
    const blurred = Boolean(chosen.h) && !open;
    if (data) {
      image.src = CLEAR + data;
      image.alt = `${blurred ? "Blurred frame" : "Frame"} at ${timelineView.clock(chosen.t, true)}`;
    }
    $("reveal").hidden = !(blurred && chosen.c);
    $("veiled").hidden = !(blurred && data && !chosen.c);
    image.onload = () => markTile(record);
    markTile(record);
  }

  function stage(record, picture) {
    still = null;
    const image = $("detail-image");
    image.hidden = !picture;
    $("detail-blank").hidden = Boolean(picture);
    $("detail-blank").textContent = record.kind === "text" ? "Text" : "No thumbnail";
    const clear = Boolean(picture && picture.dataset.clear);
    const veiled = Boolean(picture) && hides(record) && !picture.dataset.shown;
    if (picture) { image.src = picture.src; image.alt = picture.alt; }
    $("reveal").hidden = !(veiled && clear);
    $("veiled").hidden = !(veiled && !clear);
    image.onload = () => markTile(record);
    markTile(record);
  }

  function reveal(picture) {
    picture.dataset.blurred = picture.src;
    picture.dataset.shown = "1";
    picture.src = CLEAR + picture.dataset.clear;
  }

  function veil(picture) {
    picture.src = picture.dataset.blurred;
    delete picture.dataset.shown;
  }

  // Frame the part of the picture that raised the gravest flag.
  function markTile(record) {
    const mark = $("detail-tile");
    const image = $("detail-image");
    const rank = { block: 2, review: 1, allow: 0 };
    // A part of a video's frame is marked on that frame alone.
    const here = (l) => !record.timeline || (still && Math.abs(l.evidence.time_s - still.t) < 0.02);
    const tiled = labelsOf(record).filter((l) => l.flagged && l.evidence.tile && here(l));
    tiled.sort((a, b) => rank[b.action] - rank[a.action] || b.score - a.score);
    mark.hidden = !tiled.length || image.hidden || !image.naturalWidth;
    if (mark.hidden) return;
    const scale = Math.min(image.clientWidth / image.naturalWidth, image.clientHeight / image.naturalHeight);
    const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    const x = image.offsetLeft + (image.clientWidth - width) / 2;
    const y = image.offsetTop + (image.clientHeight - height) / 2;
    const [left, top, right, bottom] = tiled[0].evidence.tile;
    const put = (name, value) => mark.style.setProperty(name, `${value.toFixed(1)}px`);
    put("left", x + left * width); put("top", y + top * height);
    put("width", (right - left) * width); put("height", (bottom - top) * height);
  }

  function show(card) {
    const record = recordOf(card);
    const picture = card.querySelector("img");
    current = card;
    stage(record, picture);
    $("detail-name").textContent = card.querySelector(".name").textContent;
    const parts = record.quality ? qualityPart(record.quality) : [make("p", { class: "sub" }, "No quality score")];
    if (record.error) {
      parts.push(make("p", { class: "trouble" }, make("b", {}, "Incomplete: "), record.error.message));
    }
    if (record.moderation) parts.push(...moderationPart(record.moderation));
    if (record.familiarity && !record.familiarity.known) {
      parts.push(make("p", { class: "said" }, "Unknown kind of picture: unlike the ordinary pictures that the model "
        + "was compared on, so what it says of this one is a guess."));
    }
    if (record.tags.length) {
      parts.push(make("h3", {}, "Tags"), make("ul", { class: "tags" },
        ...record.tags.map((t) => make("li", {}, `${t.name} ${t.score.toFixed(2)}`))));
    }
    $("detail-body").replaceChildren(...parts, ...factsPart(record, card));
    const place = state.shown.indexOf(card);
    $("place").textContent = `${place + 1} of ${state.shown.length}`;
    $("previous").disabled = place <= 0;
    $("next").disabled = place < 0 || place >= state.shown.length - 1;
    if (!sheet.open) sheet.showModal();
    timelineView.open($("detail-timeline"), record, stillsOf(card), (chosen) => stageStill(record, chosen));
    markTile(record);
    sheet.querySelector(".screen").scrollTop = 0;
    sheet.querySelector(".facts").scrollTop = 0;
    sheet.querySelector(".sheet").scrollTop = 0;
  }

  function step(by) {
    const card = state.shown[state.shown.indexOf(current) + by];
    if (card) show(card);
  }

  sheet.addEventListener("keydown", (event) => {
    if (event.key in PAGE_STEP) { step(PAGE_STEP[event.key]); event.preventDefault(); }
  });
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
  sheet.addEventListener("close", () => {
    const button = current && current.isConnected && current.querySelector("button");
    if (button) button.focus();
  });
  $("close").addEventListener("click", () => sheet.close());
  $("previous").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));

  list.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (card) show(card);
  });
  // Arrow keys walk over the grid as it is laid out.
  list.addEventListener("keydown", (event) => {
    const card = event.target.closest(".card");
    const across = getComputedStyle(list).gridTemplateColumns.split(" ").length;
    const columns = root.classList.contains("list") ? 1 : across;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const next = by && card ? state.shown[state.shown.indexOf(card) + by] : null;
    if (next) { next.querySelector("button").focus(); event.preventDefault(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, select, dialog");
    if (event.key === "/" && !typing) { $("find").focus(); event.preventDefault(); }
  });

  // The controls.
  $("find").addEventListener("input", (event) => { state.text = event.target.value; soon(); });
  $("action").addEventListener("change", (event) => { state.action = event.target.value; soon(); });
  $("sort").addEventListener("change", (event) => { state.sort = event.target.value; soon(); });
  for (const tile of document.querySelectorAll("button.tile[data-action]")) {
    tile.addEventListener("click", () => {
      state.action = state.action === tile.dataset.action ? "" : tile.dataset.action;
      $("action").value = state.action;
      apply();
    });
  }

  const slider = $("min");
  if (slider) {
    slider.addEventListener("input", () => {
      state.min = Number(slider.value);
      const text = state.min.toFixed(1);
      $("min-told").textContent = state.min > 0 ? `${text} and better` : "all scores";
      slider.setAttribute("aria-valuetext", $("min-told").textContent);
      $("command").hidden = state.min === 0;
      $("command-text").textContent = `framesift filter FOLDER --min-score ${text} --copy-to best/`;
      for (const bar of document.querySelectorAll(".plot rect")) {
        bar.classList.toggle("below", Number(bar.dataset.to) <= state.min);
      }
      soon();
    });
  }

  function view(rows) {
    root.classList.toggle("list", rows);
    $("rows").setAttribute("aria-pressed", String(rows));
    $("grid").setAttribute("aria-pressed", String(!rows));
  }
  $("rows").addEventListener("click", () => view(true));
  $("grid").addEventListener("click", () => view(false));

  const hidden = Array.from(list.querySelectorAll("img[data-clear]"));
  $("veil-box").hidden = !hidden.length;
  $("veil").addEventListener("change", (event) => {
    for (const picture of hidden) {
      if (event.target.checked === Boolean(picture.dataset.shown)) {
        if (event.target.checked) veil(picture); else reveal(picture);
      }
    }
  });
  $("reveal").addEventListener("click", () => {
    if (still) {
      still.shown = true;
      stageStill(recordOf(current), still);
    } else {
      const picture = current.querySelector("img");
      reveal(picture);
      stage(recordOf(current), picture);
    }
    $("close").focus();
  });
  window.addEventListener("resize", () => {
    if (!sheet.open || !current) return;
    markTile(recordOf(current));
    timelineView.redraw();
  });

  $("save").addEventListener("click", () => {
    const names = state.shown.map((card) => recordOf(card).path + "\n");
    const link = make("a", { download: "framesift-list.txt" });
    link.href = URL.createObjectURL(new Blob(names, { type: "text/plain" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  $("theme").addEventListener("click", () => {
    const dark = getComputedStyle(root).colorScheme === "dark";
    root.dataset.theme = dark ? "light" : "dark";
  });

  // Of a classifier there are answers instead of verdicts and scores.
  function offerAnswers() {
    const counts = new Map();
    for (const key of records.flatMap(answersOf)) counts.set(key, (counts.get(key) || 0) + 1);
    const keys = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
    const option = (value, text) => make("option", { value }, text);
    $("action").replaceChildren(
      option("", "All answers"), ...keys.map((key) => option(key, answerName(key))), option("error", "Incomplete"));
    $("sort").replaceChildren(
      option("unsure", "Least sure first"), option("sure", "Surest first"), option("name", "By name"), option("given", "As scanned"));
    state.sort = $("sort").value = "given";
  }
  if (answered) offerAnswers();
  else if (!records.some((record) => record.quality)) state.sort = $("sort").value = "risk";
  if (!cards.length) for (const id of ["controls", "count", "save"]) $(id).hidden = true;
  apply();
})();
