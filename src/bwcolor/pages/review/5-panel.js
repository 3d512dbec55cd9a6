// SPDX-License-Identifier: Apache-2.0
// What is told of a photo, and what is said of it: verdict, rating, keys.

const number = (value, digits) => (value === null ? "" : value.toFixed(digits));

function say(words) {
  $("said").textContent = words;
}

function showVerdict(photo) {
  const record = said(photo), able = photo.outcome === "done";
  for (const verdict of VERDICTS) {
    $(verdict).setAttribute("aria-pressed", String(record.verdict === verdict));
    $(verdict).disabled = !able;
  }
  for (let stars = 1; stars <= 5; stars += 1) {
    $("rate-" + stars).setAttribute("aria-pressed", String(record.rating >= stars));
    $("rate-" + stars).disabled = !able;
  }
  $("place").disabled = !able;
  const next = {
    "": record.was ? `Colored again since; it was ${WORDS[record.was]}.` : "",
    accepted: "Stays as it is.",
    rejected: hintCount(photo) && !same(hintsOf(photo), photo.hints) ? "Will be colored again with the hints."
      : REVIEW.samples.includes(photo.model) ? "Will be colored again, by another sample."
        : "Place hints: this network knows one coloring only.",
    "needs-hints": hintCount(photo) ? "Will be colored again with the hints." : "Nothing is done until hints are placed.",
  };
  $("next").textContent = next[record.verdict];
}

function pairs(list, told) {
  list.replaceChildren();
  for (const [name, value] of told) {
    if (value === "" || value === null || value === undefined) continue;
    const term = document.createElement("dt"), text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    list.append(term, text);
  }
}

function showPanel(photo) {
  showVerdict(photo);
  pairs($("facts"), [
    ["Caption", photo.caption],
    ["Date", photo.date],
    ["State", photo.outcome === "done" ? "" : photo.outcome],
    ["Reason", photo.reason],
    ["Stands apart", photo.outlier.join("; ")],
    ["Size", photo.width ? `${photo.width} \u00d7 ${photo.height}` : ""],
    ["Depth", photo.depth ? photo.depth + " bits" : ""],
    ["Format", photo.format],
    ["Model", photo.model + (photo.sample ? `, sample ${photo.sample}` : "")],
    ["Certainty", number(photo.certainty, 3)],
    ["Chroma", number(photo.chroma, 1)],
    ["Largest |dL|", photo.dl === null ? "" : `${number(photo.dl, 3)} levels, as written ${number(photo.written_dl, 3)}`],
    ["Lost", photo.lost.join(", ")],
    ["Notes", photo.notes.join("; ")],
  ]);
  const options = photo.options === null ? {} : REVIEW.options[photo.options];
  const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  pairs($("options"), Object.entries(options).filter(([, value]) => value !== null).map(([key, value]) => [key, plain(value)]));
}

// Who accepts goes on, if that is wished; who rejects may want to place hints first.
function judge(changes, words) {
  if (!current || current.outcome !== "done") return;
  change(current, changes);
  showVerdict(current);
  retell(current);
  say(`${current.shown}: ${words}`);
  if ($("onward").checked && said(current).verdict === "accepted") step(1);
}

function verdict(name) {
  if (!current) return;
  const off = said(current).verdict === name;
  judge(off ? { verdict: "", rating: 0 } : { verdict: name }, off ? "no verdict" : WORDS[name]);
}

function rate(stars) {
  if (!current) return;
  if (said(current).rating === stars) judge({ rating: 0 }, "no rating");
  else judge({ rating: stars }, `${stars} of 5`);
}

const KEYS = {
  ArrowRight: () => step(1), ArrowDown: () => step(1), ArrowLeft: () => step(-1), ArrowUp: () => step(-1),
  PageDown: () => step(10), PageUp: () => step(-10), Home: () => step(-shown.length), End: () => step(shown.length),
  " ": flip, s: () => setMode("split"), z: () => zoom(!zoomed), p: () => place(!placing),
  a: () => verdict("accepted"), r: () => verdict("rejected"), h: () => verdict("needs-hints"),
  0: () => judge({ verdict: "", rating: 0 }, "no verdict"), e: save, "?": () => $("help").showModal(),
  "/": () => $("find").focus(),
};
for (let stars = 1; stars <= 5; stars += 1) {
  KEYS[stars] = () => rate(stars);
  $("rate-" + stars).addEventListener("click", () => rate(stars));
}
for (const name of VERDICTS) $(name).addEventListener("click", () => verdict(name));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const at = event.target;
  if (at.matches("input:not([type=checkbox]), select, textarea")) {
    if (event.key === "Escape") view.focus();
    return;
  }
  if (at.matches("button, summary, a, input") && [" ", "Enter"].includes(event.key)) return;
  if (placing && placeByKey(event)) {
    event.preventDefault();
    return;
  }
  const single = event.key.length === 1;
  if (single && !$("keys").checked && event.key !== " ") return;
  const act = KEYS[single ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
// after a click on a button the space bar flips, and does not press the button again
addEventListener("click", (event) => {
  if (event.detail && event.target.closest("button") && !$("help").open) view.focus({ preventScroll: true });
});
addEventListener("beforeunload", (event) => {
  if (!keeps && !exported) event.preventDefault();
});

for (const name of ["before", "split", "after"]) $("mode-" + name).addEventListener("click", () => setMode(name));
$("split").addEventListener("input", () => setShare(Number($("split").value)));
$("previous").addEventListener("click", () => step(-1));
$("following").addEventListener("click", () => step(1));
$("zoom").addEventListener("click", () => zoom(!zoomed));
$("export").addEventListener("click", save);
$("show-help").addEventListener("click", () => $("help").showModal());
$("load").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  const [file] = $("file").files;
  if (!file) return;
  let words;
  try {
    const count = read(await file.text());
    words = `Decisions on ${count === 1 ? "1 photo" : count + " photos"} loaded.`;
  } catch (error) {
    words = `${file.name} cannot be used: ${error.message}.`;
  }
  $("file").value = "";
  refill();
  recount();
  go(current);
  $("loaded").textContent = words;
});
for (const id of ["filter", "sort", "find"]) {
  $(id).addEventListener("input", () => {
    refill();
    rows.scrollTop = 0;
    go(shown.includes(current) ? current : shown[0]);
  });
}
for (const [id, choices] of [["filter", FILTERS], ["sort", SORTS]]) {
  for (const [value, [words]] of Object.entries(choices)) $(id).append(new Option(words, value));
}

recall();
recount();
refill();
if (current) go(current);
document.documentElement.dataset.ready = "yes";
