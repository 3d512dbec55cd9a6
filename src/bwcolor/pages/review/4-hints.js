// SPDX-License-Identifier: Apache-2.0
// Known colors, placed on the picture as points and strokes, in pixels of the upright photo.

const SVG = "http://www.w3.org/2000/svg";
const STILL = 4;  // pixels that a pointer may move and still place a point
const APART = 1 / 100, MOST = 60;  // of the photo's short side, between points of a stroke; points of a stroke
const STEP = 1 / 100;  // of the photo's short side that an arrow key moves the cross
let placing = false, color = "#7fa8d6", cross = null;
const overlay = $("hints");

function place(wanted) {
  placing = wanted && Boolean(current && current.after);
  $("place").setAttribute("aria-pressed", String(placing));
  cross = placing ? [current.width / 2, current.height / 2] : null;
  if (placing) view.focus({ preventScroll: true });
  layout();
  drawHints();
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function paint(told) {
  return told === "gray" ? "#808080" : told;
}

function drawHints(growing) {
  overlay.replaceChildren();
  if (!current) return;
  overlay.setAttribute("viewBox", `0 0 ${current.width} ${current.height}`);
  listHints();
  if (!placing) return;  // a picture that is judged is not drawn upon
  const hints = hintsOf(current), radius = REVIEW.radius * Math.min(current.width, current.height);
  const pixel = current.width / Math.max(picture.clientWidth, 1);  // of the photo, to one of the screen
  const strokes = growing ? [...hints.strokes, growing] : hints.strokes;
  for (const point of hints.points) {
    const [at, dot] = [{ cx: point.x, cy: point.y }, Math.max(radius, 5 * pixel)];
    overlay.append(element("circle", { ...at, r: dot + 1.5 * pixel, class: "rim", "stroke-width": pixel }));
    overlay.append(element("circle", { ...at, r: dot, class: "body", fill: paint(point.color), "stroke-width": 2 * pixel }));
  }
  for (const stroke of strokes) {
    const points = stroke.points.map((each) => each.join(",")).join(" ");
    const line = { points, fill: "none", "stroke-linecap": "round", "stroke-linejoin": "round" };
    const width = Math.max(2 * radius, 5 * pixel);
    for (const [ink, more] of [["#000", 4], ["#fff", 3], [paint(stroke.color), 0]]) {
      overlay.append(element("polyline", { ...line, stroke: ink, "stroke-width": width + more * pixel }));
    }
  }
  if (cross) {
    const arm = 12 * pixel, [x, y] = cross;
    const path = `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`;
    overlay.append(element("path", { id: "cross", d: path, "stroke-width": 2 * pixel }));
  }
}

function inkName(ink) {
  const usual = [...$("colors").children].find((button) => button.value === ink);
  return usual ? usual.title : ink;
}

function listHints() {
  const hints = hintsOf(current), list = $("placed");
  list.replaceChildren();
  const entries = [
    ...hints.points.map((point, index) => ["points", index, point.color, `point at ${point.x}, ${point.y}`]),
    ...hints.strokes.map((stroke, index) => ["strokes", index, stroke.color, `stroke of ${stroke.points.length} points`]),
  ];
  for (const [kind, index, ink, words] of entries) {
    const item = document.createElement("li"), swatch = document.createElement("span"), text = document.createElement("span");
    const remove = document.createElement("button");
    swatch.className = "swatch";
    swatch.style.background = paint(ink);
    text.textContent = `${inkName(ink)}: ${words}`;
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove ${inkName(ink)}: ${words}`);
    remove.addEventListener("click", () => {
      setHints({ ...hints, [kind]: hints[kind].filter((_, each) => each !== index) });
      $("place").focus();
    });
    item.append(swatch, text, remove);
    list.append(item);
  }
  $("clear").hidden = !entries.length;
}

function setHints(hints) {
  change(current, { hints });
  drawHints();
  retell(current);
}

// Who places a hint wants another coloring: the verdict follows, unless there is one that says so already.
function add(kind, hint) {
  const hints = hintsOf(current), record = said(current);
  if (record.verdict !== "rejected") change(current, { verdict: "needs-hints" });
  setHints({ ...hints, [kind]: [...hints[kind], hint] });
  showVerdict(current);
  say(`Hint ${hintCount(current)} placed`);
}

function addPoint(x, y) {
  add("points", { x: Math.round(x), y: Math.round(y), color });
}

function where(event) {
  const frame = picture.getBoundingClientRect();
  const inside = (value, most) => Math.round(Math.min(Math.max(value, 0), 1) * most);
  return [
    inside((event.clientX - frame.left) / frame.width, current.width),
    inside((event.clientY - frame.top) / frame.height, current.height),
  ];
}

picture.addEventListener("pointerdown", (event) => {
  if (!placing || event.button !== 0) return;
  event.preventDefault();
  view.focus({ preventScroll: true });
  const points = [where(event)], start = [event.clientX, event.clientY];
  let far = false;
  const moved = (now) => {
    far = far || Math.hypot(now.clientX - start[0], now.clientY - start[1]) > STILL;
    const next = where(now), last = points[points.length - 1];
    const least = APART * Math.min(current.width, current.height);
    if (!far || Math.hypot(next[0] - last[0], next[1] - last[1]) < least) return;
    points.push(next);
    drawHints({ points, color });
  };
  dragged(event, moved);
  addEventListener("pointerup", () => {
    if (points.length < 2) addPoint(...points[0]);
    else add("strokes", { points: thinned(points), color });
  }, { once: true });
});

function thinned(points) {
  if (points.length <= MOST) return points;
  return Array.from({ length: MOST }, (_, index) => points[Math.round((index * (points.length - 1)) / (MOST - 1))]);
}

// Arrow keys move the cross, Enter places a point: the same without a pointer.
function placeByKey(event) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.key === "Enter") addPoint(...cross);
  else if (event.key === "Escape") place(false);
  else if (event.key in moves) {
    const far = STEP * Math.min(current.width, current.height) * (event.shiftKey ? 5 : 1);
    const [x, y] = moves[event.key];
    cross = [
      Math.min(Math.max(cross[0] + x * far, 0), current.width),
      Math.min(Math.max(cross[1] + y * far, 0), current.height),
    ];
    drawHints();
  } else return false;
  return true;
}

function choose(ink) {
  color = ink;
  for (const button of $("colors").children) button.setAttribute("aria-pressed", String(button.value === ink));
  if (ink !== "gray") $("picker").value = ink;
}

for (const button of $("colors").children) {
  button.style.background = paint(button.value);
  button.addEventListener("click", () => {
    choose(button.value);
    if (!placing) place(true);
  });
}
$("picker").addEventListener("input", () => {
  choose($("picker").value);
  if (!placing) place(true);
});
$("place").addEventListener("click", () => place(!placing));
$("clear").addEventListener("click", () => {
  setHints({ points: [], strokes: [] });
  $("place").focus();
});
choose(color);
