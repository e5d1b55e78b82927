"use strict";
// A video along its time: a picture to point at, to touch, and to walk over with the keyboard.
const timelineView = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const GUTTER = 76, RIGHT = 12, TOP = 10, CURVE = 84, LANE = 20, AXIS = 24;
  const MOST_LANES = 6;
  const mostChips = () => (window.innerWidth < 560 ? 5 : 12);
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  const RANK = { block: 2, review: 1, allow: 0 };
  const KINDS = { harm: 2, fault: 1, tag: 0 };
  let view = null;

  const words = (name) => name.replaceAll("_", " ");
  const told = (x) => (x === null ? "unscored" : x.toFixed(2));

  function clock(seconds, tenths) {
    const units = tenths ? Math.round(seconds * 10) : Math.floor(seconds + 1e-6) * 10;
    const whole = Math.floor(units / 10);
    const pad = (n) => String(n).padStart(2, "0");
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    const text = hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
    return tenths ? `${text}.${units % 10}` : text;
  }

  function span(segment) {
    const tenths = segment.end_s - segment.start_s < 3;
    return `${clock(segment.start_s, tenths)}\u2013${clock(segment.end_s, tenths)}`;
  }

  function svg(tag, attributes, text) {
    const node = document.createElementNS(NS, tag);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function html(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  const kindOf = (segment) => (segment.kind === "harm" ? segment.action : segment.kind);

  // One lane per label, the gravest first; what finds no room shares the last one.
  function lanesOf(segments) {
    const lanes = new Map();
    for (const one of segments) {
      const lane = lanes.get(one.label) || { name: words(one.label), weight: 0, segments: [] };
      lane.segments.push(one);
      lane.weight = Math.max(lane.weight, KINDS[one.kind] * 10 + RANK[one.action]);
      lanes.set(one.label, lane);
    }
    const sorted = [...lanes.values()].sort((a, b) => b.weight - a.weight);
    if (sorted.length <= MOST_LANES) return sorted;
    const rest = sorted.slice(MOST_LANES - 1);
    const shared = { name: `${rest.length} more`, segments: rest.flatMap((lane) => lane.segments) };
    return [...sorted.slice(0, MOST_LANES - 1), shared];
  }

  function segmentTitle(one) {
    const score = one.kind === "harm" ? ` ${told(one.peak)} at ${clock(one.peak_time_s, true)}, ${one.action}` : "";
    return `${span(one)} ${words(one.label)}${score}`;
  }

  function draw() {
    const { data, drawing, lanes } = view;
    const width = Math.max(view.node.clientWidth - view.padding, 240);
    const height = TOP + CURVE + lanes.length * LANE + AXIS;
    const length = Math.max(data.end_s - data.start_s, 1e-6);
    view.x = (time) => GUTTER + ((time - data.start_s) / length) * (width - GUTTER - RIGHT);
    view.time = (x) => data.start_s + ((x - GUTTER) / (width - GUTTER - RIGHT)) * length;
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawing.setAttribute("width", width);
    drawing.setAttribute("height", height);
    view.cursor = svg("g", { class: "cursor" });
    drawing.replaceChildren(...shots(), ...scale(width), ...gap(), ...curve(), ...lanes.flatMap(lane), ...axis(width, height), view.cursor);
    point();
  }

  function shots() {
    return view.data.shots.map((shot, place) => svg("rect", {
      class: place % 2 ? "shot odd" : "shot", x: view.x(shot.start_s), y: TOP,
      width: Math.max(view.x(shot.end_s) - view.x(shot.start_s), 0.5), height: CURVE,
    }));
  }

  const level = (score) => TOP + CURVE - (Math.min(Math.max(score, 0), 10) / 10) * CURVE;

  function scale(width) {
    return [svg("text", { class: "lane", x: 0, y: TOP + 10 }, view.quality ? "quality" : "shots"),
      ...(view.quality ? [0, 5, 10] : []).flatMap((score) => [
        svg("line", { class: "rule", x1: GUTTER, x2: width - RIGHT, y1: level(score), y2: level(score) }),
        svg("text", { class: "tick end", x: GUTTER - 6, y: level(score) + 4 }, String(score))])];
  }

  // The longest stretch that no model looked at, as a bracket.
  function gap() {
    const { data } = view;
    const ends = [...data.times_s, data.stopped_s === null ? data.end_s : data.stopped_s];
    let widest = 0;
    for (let i = 1; i < ends.length; i += 1) {
      if (ends[i] - ends[i - 1] > ends[widest + 1] - ends[widest]) widest = i - 1;
    }
    const [from, to] = [view.x(ends[widest]), view.x(ends[widest + 1] || data.end_s)];
    const y = TOP + CURVE + 3;
    if (to - from < 6) return [];
    const mark = svg("path", { class: "gap", d: `M${from + 1} ${y - 4}v4H${to - 1}v-4` });
    mark.append(svg("title", {}, `longest stretch unseen: ${data.longest_gap_s.toFixed(2)} s`));
    return [mark];
  }

  function curve() {
    if (!view.quality) return [];
    const points = [];
    view.data.times_s.forEach((time, place) => {
      const value = view.quality.values[place];
      if (value !== null) points.push([view.x(time).toFixed(1), level(value).toFixed(1)]);
    });
    if (!points.length) return [];
    const line = points.map((p) => p.join(" ")).join("L");
    const [first, last] = [points[0][0], points[points.length - 1][0]];
    const dots = points.length > 60 ? [] : points.map(([cx, cy]) => svg("circle", { class: "moment", cx, cy, r: 2 }));
    return [svg("path", { class: "area", d: `M${first} ${TOP + CURVE}L${line}L${last} ${TOP + CURVE}Z` }),
      svg("path", { class: "line", d: `M${line}` }), ...dots];
  }

  function lane(one, place) {
    const y = TOP + CURVE + 6 + place * LANE;
    const end = view.x(view.data.end_s);
    return [
      svg("text", { class: "lane", x: 0, y: y + 11 }, one.name.length > 11 ? `${one.name.slice(0, 10)}\u2026` : one.name),
      svg("rect", { class: "rail", x: GUTTER, y: y + 2, width: end - GUTTER, height: LANE - 8, rx: 3 }),
      ...one.segments.map((segment) => {
        const from = view.x(segment.start_s);
        const wide = Math.max(view.x(segment.end_s) - from, 4);
        const bar = svg("rect", { class: `bar ${kindOf(segment)}`, x: Math.min(from, end - wide), y: y + 1, width: wide, height: LANE - 6, rx: 3 });
        bar.append(svg("title", {}, segmentTitle(segment)));
        return bar;
      })];
  }

  function axis(width, height) {
    const { data } = view;
    const room = (width - GUTTER - RIGHT) / 58;
    const length = data.end_s - data.start_s;
    const step = STEPS.find((one) => length / one <= room) || Math.ceil(length / room / 7200) * 7200;
    const parts = [];
    for (let n = Math.ceil(data.start_s / step - 1e-9); n * step <= data.end_s + 1e-9; n += 1) {
      const x = view.x(n * step);
      parts.push(svg("line", { class: "rule", x1: x, x2: x, y1: height - AXIS + 2, y2: height - AXIS + 6 }),
        svg("text", { class: x > width - 28 ? "tick end" : "tick mid", x: x > width - 28 ? width : x, y: height - 5 },
          clock(n * step, step < 1)));
    }
    return parts;
  }

  // What holds at a moment, for eyes and for ears.
  function holding(time) {
    return view.data.segments.filter((one) => one.start_s <= time + 1e-9 && time < one.end_s);
  }

  function point() {
    if (view.place === null) { view.cursor.replaceChildren(); return; }
    const time = view.data.times_s[view.place];
    const x = view.x(time);
    const height = Number(view.drawing.getAttribute("height"));
    const value = view.quality ? view.quality.values[view.place] : null;
    view.cursor.replaceChildren(
      svg("line", { x1: x, x2: x, y1: TOP - 6, y2: height - AXIS }),
      ...(value === null ? [] : [svg("circle", { cx: x, cy: level(value), r: 5 })]));
  }

  function nearest(times, time) {
    let best = 0;
    times.forEach((one, place) => { if (Math.abs(one - time) < Math.abs(times[best] - time)) best = place; });
    return best;
  }

  // The picture of a moment: of the same shot where there is one.
  function stillAt(time) {
    if (!view.stills.length) return null;
    const shot = view.data.shots.find((one) => one.start_s <= time && time < one.end_s);
    const same = shot ? view.stills.filter((one) => shot.start_s <= one.t && one.t < shot.end_s) : [];
    const among = same.length ? same : view.stills;
    return among[nearest(among.map((one) => one.t), time)];
  }

  function go(place) {
    const { data } = view;
    view.place = Math.min(Math.max(place, 0), data.times_s.length - 1);
    const time = data.times_s[view.place];
    const value = view.quality ? view.quality.values[view.place] : null;
    const found = holding(time);
    const still = stillAt(time);
    const names = found.map((one) => words(one.label) + (one.kind === "harm" ? ` (${one.action})` : ""));
    const score = value === null ? [] : [`quality ${value.toFixed(1)}`];
    view.drawing.setAttribute("aria-valuenow", time.toFixed(3));
    view.drawing.setAttribute("aria-valuetext", [clock(time, true), ...score, ...names].join(", "));
    const far = still && Math.abs(still.t - time) > 0.05 ? [html("span", { class: "of" }, `picture of ${clock(still.t, true)}`)] : [];
    view.readout.replaceChildren(html("b", {}, clock(time, true)), ...score.map((one) => html("span", {}, one)),
      ...found.map((one) => html("span", { class: `pill ${kindOf(one)}` }, words(one.label))), ...far);
    view.film.forEach(([one, button]) => {
      const on = one === still;
      button.classList.toggle("on", on);
      if (on) view.reel.scrollTo({ left: button.offsetLeft - (view.reel.clientWidth - button.clientWidth) / 2 });
    });
    point();
    view.show(still);
  }

  const goTo = (time) => go(nearest(view.data.times_s, time));

  function keyed(event) {
    const last = view.data.times_s.length - 1;
    const here = view.place === null ? -1 : view.place;
    const steps = {
      ArrowRight: here + 1, ArrowUp: here + 1, ArrowLeft: here - 1, ArrowDown: here - 1,
      PageUp: here + 10, PageDown: here - 10, Home: 0, End: last,
    };
    if (!(event.key in steps)) return;
    go(steps[event.key]);
    event.preventDefault();
    event.stopPropagation();
  }

  function dragged(event) {
    if (event.type === "pointerdown") view.drawing.setPointerCapture(event.pointerId);
    else if (!event.buttons) return;
    const box = view.drawing.getBoundingClientRect();
    goTo(view.time(event.clientX - box.left));
  }

  function reel(stills) {
    const strip = html("div", { class: "reel" });
    view.film = stills.map((still) => {
      const label = `${clock(still.t, true)}${still.h ? ", blurred" : ""}`;
      const inside = still.p
        ? html("img", { alt: "", decoding: "async", src: `data:image/jpeg;base64,${still.p}` })
        : html("span", { class: "none" }, "not shown");
      const button = html("button", { type: "button", tabindex: "-1", class: still.h ? "veil" : "", "aria-label": `Show ${label}` },
        inside, html("span", {}, clock(still.t, true)));
      button.addEventListener("click", () => goTo(still.t));
      strip.append(button);
      return [still, button];
    });
    return strip;
  }

  function chips(segments) {
    const weigh = (one) => KINDS[one.kind] * 100 + RANK[one.action] * 10 + (one.peak === null ? 1 : one.peak);
    const sorted = [...segments].sort((a, b) => weigh(b) - weigh(a));
    const list = html("ul", { class: "chips" });
    const most = mostChips();
    const add = (one) => {
      const score = one.kind === "harm" ? ` ${told(one.peak)}` : "";
      const button = html("button", { type: "button", title: segmentTitle(one) },
        html("i", { class: kindOf(one) }), html("b", {}, span(one)), `${words(one.label)}${score}`);
      button.addEventListener("click", () => goTo(one.peak_time_s));
      list.append(html("li", {}, button));
    };
    sorted.slice(0, most).forEach(add);
    const rest = sorted.slice(most);
    if (rest.length) {
      const more = html("button", { type: "button", class: "more" }, `${rest.length} more`);
      more.addEventListener("click", () => { more.parentNode.remove(); rest.forEach(add); });
      list.append(html("li", {}, more));
    }
    return list;
  }

  function figures(data) {
    const length = data.end_s - data.start_s;
    const share = length > 0 ? Math.round((Math.min(data.watched_s, length) / length) * 100) : 100;
    const told = [
      [data.moments.toLocaleString("en"), data.moments === 1 ? "moment looked at" : "moments looked at"],
      [`${data.longest_gap_s.toFixed(data.longest_gap_s < 10 ? 2 : 1)} s`, "longest stretch unseen"],
      [String(data.shots.length), data.shots.length === 1 ? "shot" : "shots"],
      [`${share} %`, "compared frame by frame"],
    ];
    return html("dl", { class: "figures" }, ...told.map(([figure, name]) => html("div", {}, html("dt", {}, name), html("dd", {}, figure))));
  }

  // Show a record's timeline in a node. `show` is told which still belongs to the moment chosen.
  function open(node, record, stills, show) {
    const data = record.timeline;
    node.hidden = !data || data.moments < 2;
    view = null;
    node.replaceChildren();
    if (node.hidden) return;
    view = { node, data, stills, show, place: null, film: [], padding: 0 };
    view.quality = data.curves.find((one) => one.label === "quality") || null;
    view.lanes = lanesOf(data.segments);
    view.readout = html("p", { class: "now" }, html("span", {}, "Tap or drag over the curve, or use the arrow keys on it."));
    view.drawing = svg("svg", {
      class: "track", tabindex: "0", role: "slider", "aria-label": "Moment of the video, in seconds",
      "aria-valuemin": data.start_s, "aria-valuemax": data.end_s, "aria-valuenow": data.start_s,
      "aria-valuetext": "no moment chosen yet",
    });
    view.drawing.addEventListener("keydown", keyed);
    view.drawing.addEventListener("pointerdown", dragged);
    view.drawing.addEventListener("pointermove", dragged);
    view.reel = reel(stills);
    const stopped = data.stopped_s === null ? []
      : [html("p", { class: "sub" }, `Reading stopped at ${clock(data.stopped_s, true)}: the verdict was clear.`)];
    node.append(view.readout, view.drawing, ...(stills.length ? [view.reel] : []),
      ...(data.segments.length ? [chips(data.segments)] : []), figures(data), ...stopped);
    const style = getComputedStyle(node);
    view.padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
    draw();
  }

  return { open, clock, redraw: () => { if (view && view.node.isConnected && !view.node.hidden) draw(); } };
})();
