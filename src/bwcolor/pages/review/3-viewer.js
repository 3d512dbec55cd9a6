// SPDX-License-Identifier: Apache-2.0
// One photo before and after: side by side under a slider, flipped, fitted or pixel by pixel.

const QUICKLY = 90;  // milliseconds in which a photo that is only passed is not loaded
const LARGEST = 2;  // a small photo is shown at most so many times its size
const NEAR = 22;  // pixels from the slider's line that take hold of it
const view = $("view"), picture = $("picture"), before = $("before"), after = $("after");
let mode = "split", share = 50, zoomed = false, opening = 0;

function open(photo) {
  clearTimeout(opening);
  $("name").textContent = photo.shown;
  const able = photo.before || photo.after;
  picture.hidden = !able;
  $("trouble").hidden = Boolean(able);
  $("trouble").textContent = photo.reason || "Neither the scan nor the color copy was found where the record says.";
  if (placing) place(false);
  for (const img of [before, after]) img.removeAttribute("src");
  picture.style.backgroundImage = photo.thumb ? `url("${photo.thumb}")` : "none";
  opening = setTimeout(load, QUICKLY, photo);
  layout();
  showPanel(photo);
  drawHints();
}

function load(photo) {
  if (photo.before) before.src = photo.before.src;
  if (photo.after) after.src = photo.after.src;
  before.alt = "Scan of " + photo.shown;
  after.alt = "Color copy of " + photo.shown;
  const next = shown[shown.indexOf(photo) + 1];
  if (next && next.after) {
    for (const side of [next.before, next.after]) if (side) new Image().src = side.src;
  }
}

for (const img of [before, after]) {
  img.addEventListener("error", () => {
    if (!img.getAttribute("src")) return;
    $("trouble").hidden = false;
    $("trouble").textContent = (img === before ? "The scan" : "The color copy") + " cannot be shown: was it moved?";
  });
}

function size() {
  const photo = current;
  if (zoomed) {
    const side = photo.after || photo.before;
    return [side.width / devicePixelRatio, side.height / devicePixelRatio];
  }
  const scale = Math.min(view.clientWidth / photo.width, view.clientHeight / photo.height, LARGEST);
  return [Math.max(photo.width * scale, 1), Math.max(photo.height * scale, 1)];
}

function layout() {
  if (!current || picture.hidden) return;
  const [width, height] = size();
  picture.style.width = width + "px";
  picture.style.height = height + "px";
  const both = current.before && current.after;
  const seen = both ? mode : current.after ? "after" : "before";
  before.style.visibility = seen === "after" ? "hidden" : "visible";
  after.style.visibility = seen === "before" ? "hidden" : "visible";
  after.style.clipPath = seen === "split" ? `inset(0 0 0 ${share}%)` : "none";
  $("grip").hidden = seen !== "split";
  $("grip").style.left = share + "%";
  $("tag-before").hidden = seen === "after";
  $("tag-after").hidden = seen === "before";
  $("split").value = share;
  $("split").disabled = seen !== "split";
  for (const name of ["before", "split", "after"]) $("mode-" + name).setAttribute("aria-pressed", String(mode === name));
  $("zoom").setAttribute("aria-pressed", String(zoomed));
  picture.classList.toggle("drags", seen === "split" && !zoomed);
  picture.classList.toggle("pans", zoomed);
  picture.classList.toggle("places", placing);
  const side = current.after || current.before;
  const part = side && side.width < current.width;
  $("scale").textContent = zoomed && part ? `preview of ${side.width} of ${current.width} pixels` : "";
}

function setMode(name) {
  mode = name;
  layout();
}

function flip() {
  setMode(mode === "after" ? "before" : "after");
  say(mode === "after" ? "Color copy" : "Scan");
}

// Keeps the point of the picture that lies under (x, y) of the window where it is.
function zoom(wanted, x, y) {
  if (picture.hidden || !current) return;
  const frame = view.getBoundingClientRect(), now = picture.getBoundingClientRect();
  const at = x === undefined ? [frame.left + frame.width / 2, frame.top + frame.height / 2] : [x, y];
  const share = [(at[0] - now.left) / now.width, (at[1] - now.top) / now.height];
  zoomed = wanted;
  layout();
  const then = picture.getBoundingClientRect();
  view.scrollBy(then.left + share[0] * then.width - at[0], then.top + share[1] * then.height - at[1]);
}

function setShare(percent) {
  share = Math.min(Math.max(percent, 0), 100);
  layout();
}

// One pointer: it drags the line, pans, or places hints (see there).
function dragged(event, moved) {
  const end = () => {
    removeEventListener("pointermove", moved);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
  };
  addEventListener("pointermove", moved);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}

picture.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || placing) return;
  const frame = picture.getBoundingClientRect();
  const onLine = mode === "split" && Math.abs(event.clientX - frame.left - (share / 100) * frame.width) < NEAR;
  const toShare = (moved) => {
    const now = picture.getBoundingClientRect();
    setShare(((moved.clientX - now.left) / now.width) * 100);
  };
  if (onLine || (mode === "split" && !zoomed)) {
    event.preventDefault();
    if (!onLine && event.pointerType === "mouse") toShare(event);
    dragged(event, toShare);
  } else if (zoomed && event.pointerType === "mouse") {
    event.preventDefault();
    let last = [event.clientX, event.clientY];
    dragged(event, (moved) => {
      view.scrollBy(last[0] - moved.clientX, last[1] - moved.clientY);
      last = [moved.clientX, moved.clientY];
    });
  }
  view.focus({ preventScroll: true });
});
picture.addEventListener("dblclick", (event) => { if (!placing) zoom(!zoomed, event.clientX, event.clientY); });
picture.addEventListener("dragstart", (event) => event.preventDefault());
new ResizeObserver(layout).observe(view);
