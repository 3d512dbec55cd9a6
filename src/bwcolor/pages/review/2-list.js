// SPDX-License-Identifier: Apache-2.0
// The list of photos: filtered, sorted, and only as many rows in the page as can be seen.

const ROW = 68, BEYOND = 6;  // pixels; rows kept above and below what is seen
const TENTH = 0.1;  // "least certain" and "most saturated" are so much of the folder
const WORDS = { accepted: "accepted", rejected: "rejected", "needs-hints": "needs hints" };

const done = PHOTOS.filter((photo) => photo.outcome === "done");
const certain = lowest(done.filter((photo) => photo.certainty !== null), (photo) => photo.certainty);
const vivid = lowest(done.filter((photo) => photo.chroma !== null), (photo) => -photo.chroma);

function lowest(photos, value) {
  const sorted = [...photos].sort((a, b) => value(a) - value(b));
  return new Set(sorted.slice(0, Math.ceil(sorted.length * TENTH)));
}

const FILTERS = {
  all: ["all photos", () => true],
  unrated: ["without a verdict", (photo) => photo.outcome === "done" && !said(photo).verdict],
  failed: ["failed", (photo) => photo.outcome === "failed"],
  uncertain: ["least certain tenth", (photo) => certain.has(photo)],
  vivid: ["most saturated tenth", (photo) => vivid.has(photo)],
  outliers: ["unlike their folder", (photo) => photo.outlier.length > 0],
  accepted: ["accepted", (photo) => said(photo).verdict === "accepted"],
  rejected: ["rejected", (photo) => said(photo).verdict === "rejected"],
  "needs-hints": ["needs hints", (photo) => said(photo).verdict === "needs-hints"],
  again: ["colored again since", (photo) => said(photo).was !== "" && !said(photo).verdict],
  skipped: ["skipped", (photo) => photo.outcome === "skipped"],
};

const last = (value) => (value === null ? Infinity : value);  // two of them differ by NaN, which decides nothing
const SORTS = {
  name: ["name", (a, b) => a.place - b.place],
  certainty: ["least certain first", (a, b) => last(a.certainty) - last(b.certainty) || a.place - b.place],
  chroma: ["most saturated first", (a, b) => (b.chroma ?? -1) - (a.chroma ?? -1) || a.place - b.place],
  rating: ["lowest rating first", (a, b) => (said(a).rating || 9) - (said(b).rating || 9) || a.place - b.place],
};

PHOTOS.forEach((photo, index) => { photo.place = index; });
let shown = [...PHOTOS];
let current = PHOTOS[0] || null;
const rows = $("rows"), inside = $("inside");
const drawn = new Map();  // position in the list -> element

function refill() {
  const filter = FILTERS[$("filter").value][1], words = $("find").value.trim().toLowerCase();
  shown = PHOTOS.filter((photo) => filter(photo)
    && (!words || (photo.shown + "\n" + photo.caption).toLowerCase().includes(words)));
  shown.sort(SORTS[$("sort").value][1]);
  inside.style.height = shown.length * ROW + "px";
  $("count").textContent = shown.length === 1 ? "1 photo" : shown.length + " photos";
  for (const row of drawn.values()) row.remove();
  drawn.clear();
  draw();
}

function recount() {
  for (const option of $("filter").options) {
    option.textContent = `${FILTERS[option.value][0]} (${PHOTOS.filter(FILTERS[option.value][1]).length})`;
  }
  const judged = done.filter((photo) => said(photo).verdict).length;
  $("progress").textContent = `${judged} of ${done.length} with a verdict`;
}

function draw() {
  const first = Math.max(Math.floor(rows.scrollTop / ROW) - BEYOND, 0);
  const end = Math.min(Math.ceil((rows.scrollTop + rows.clientHeight) / ROW) + BEYOND, shown.length);
  for (const [position, row] of drawn) {
    if (position < first || position >= end) {
      row.remove();
      drawn.delete(position);
    }
  }
  for (let position = first; position < end; position += 1) {
    if (!drawn.has(position)) {
      const row = rowOf(shown[position], position);
      drawn.set(position, row);
      inside.append(row);
    }
  }
  const position = shown.indexOf(current);
  for (const [at, row] of drawn) row.setAttribute("aria-selected", String(at === position));
  if (drawn.has(position)) rows.setAttribute("aria-activedescendant", "row-" + position);
  else rows.removeAttribute("aria-activedescendant");
}

function rowOf(photo, position) {
  const row = document.createElement("div");
  row.className = "row-of-list";
  row.id = "row-" + position;
  row.setAttribute("role", "option");
  row.setAttribute("aria-posinset", position + 1);
  row.setAttribute("aria-setsize", shown.length);
  row.style.top = position * ROW + "px";
  row.title = photo.shown;
  const picture = document.createElement(photo.thumb ? "img" : "div");
  if (photo.thumb) {
    picture.decoding = "async";
    picture.alt = "";
    picture.src = photo.thumb;
  } else picture.className = "no-picture";
  const words = document.createElement("div"), name = document.createElement("div"), told = document.createElement("div");
  name.className = "name";
  name.textContent = photo.shown;
  told.className = "told";
  tell(told, photo);
  words.append(name, told);
  row.append(picture, words);
  row.addEventListener("click", () => go(photo));
  return row;
}

function tell(place, photo) {
  const record = said(photo), parts = [];
  if (photo.outcome !== "done") parts.push([photo.outcome, photo.outcome]);
  if (record.verdict) parts.push([WORDS[record.verdict], record.verdict]);
  if (record.rating) parts.push(["\u2605".repeat(record.rating), ""]);
  if (hintCount(photo)) parts.push([hintCount(photo) === 1 ? "1 hint" : hintCount(photo) + " hints", ""]);
  if (record.was && !record.verdict) parts.push(["colored again, was " + WORDS[record.was], ""]);
  if (!record.verdict && photo.outlier.length) parts.push(["unlike its folder", ""]);
  place.replaceChildren();
  parts.forEach(([text, kind], index) => {
    const part = document.createElement("span");
    part.className = kind;
    part.textContent = (index ? " \u00b7 " : "") + text;
    place.append(part);
  });
}

// A verdict changes its row at once, and the filter only when the next photo is chosen: nothing vanishes under the eye.
function retell(photo) {
  const row = drawn.get(shown.indexOf(photo));
  if (row) tell(row.querySelector(".told"), photo);
  recount();
}

function go(photo) {
  if (!photo) return;
  current = photo;
  const position = shown.indexOf(photo);
  if (position >= 0) {
    const top = position * ROW;
    if (top < rows.scrollTop) rows.scrollTop = top;
    else if (top + ROW > rows.scrollTop + rows.clientHeight) rows.scrollTop = top + ROW - rows.clientHeight;
  }
  draw();
  open(photo);
}

function step(by) {
  if (!shown.length) return;
  const position = shown.indexOf(current);
  const wanted = Math.min(Math.max(position < 0 ? 0 : position + by, 0), shown.length - 1);
  const next = shown[wanted];
  if (stale()) refill();
  go(shown.includes(next) ? next : shown[Math.min(Math.max(position, 0), shown.length - 1)]);
}

function stale() {
  const filter = FILTERS[$("filter").value][1];
  return shown.some((photo) => !filter(photo));
}

let waiting = false;
rows.addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}, { passive: true });
