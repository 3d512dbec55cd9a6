// SPDX-License-Identifier: Apache-2.0
// What a person has said of each photo: kept by the browser, and as a file.

const REVIEW = JSON.parse(document.getElementById("review").textContent);
const PHOTOS = REVIEW.photos;
const FORMAT = "bwcolor decisions", LAYOUT = 1;
const VERDICTS = ["accepted", "rejected", "needs-hints"];
const KEY = "bwcolor-review-" + REVIEW.id;
const $ = (id) => document.getElementById(id);

const saidOf = new Map();  // a photo's name -> {copy, verdict, rating, hints, was}
let keeps = true;  // whether this browser keeps anything
let exported = true;

// One spelling for equal hints, whoever wrote them.
function spelled(hints) {
  return hints && {
    points: (hints.points || []).map(({ x, y, color }) => ({ x, y, color })),
    strokes: (hints.strokes || []).map(({ points, color }) => ({ points, color })),
  };
}

for (const photo of PHOTOS) photo.hints = spelled(photo.hints);

function blank(photo) {
  return { copy: photo.copy, verdict: "", rating: 0, hints: null, was: "" };
}

function said(photo) {
  return saidOf.get(photo.name) || blank(photo);
}

function hintsOf(photo) {
  return said(photo).hints || photo.hints || { points: [], strokes: [] };
}

function hintCount(photo) {
  const hints = hintsOf(photo);
  return hints.points.length + hints.strokes.length;
}

// What was said of an earlier copy does not hold for this one; the hints stay.
function take(photo, record) {
  if (record.copy !== photo.copy) {
    const was = record.verdict || record.was || (record.rating ? "accepted" : "");
    record = { ...blank(photo), hints: record.hints, was };
  }
  saidOf.set(photo.name, record);
}

function change(photo, changes) {
  const record = { ...said(photo), ...changes };
  if (changes.rating && !record.verdict) record.verdict = "accepted";
  saidOf.set(photo.name, record);
  exported = false;
  keep();
}

function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify([...saidOf]));
    keeps = true;
  } catch {
    keeps = false;
  }
  $("warning").hidden = keeps;
}

function recall() {
  let kept = [];
  try {
    kept = JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    keeps = false;
  }
  $("warning").hidden = keeps;
  const byName = new Map(PHOTOS.map((photo) => [photo.name, photo]));
  for (const [name, record] of kept) {
    if (byName.has(name)) take(byName.get(name), record);
  }
}

const same = (one, other) => JSON.stringify(one || null) === JSON.stringify(other || null);

// What `bwcolor colorize --decisions` is told of a photo: with hints that this copy was not made with, those;
// without, the next sample.
function decision(photo) {
  const record = said(photo), hints = hintsOf(photo);
  const told = { verdict: record.verdict, copy: photo.copy };
  if (record.rating) told.rating = record.rating;
  if (hintCount(photo)) told.hints = { points: hints.points, strokes: hints.strokes };
  const fresh = hintCount(photo) > 0 && !same(hints, photo.hints);
  if (record.verdict === "rejected" && !fresh) told.sample = (photo.sample || 0) + 1;
  return told;
}

function decisions() {
  const told = {};
  for (const photo of PHOTOS) {
    if (said(photo).verdict) told[photo.name] = decision(photo);
  }
  return { format: FORMAT, layout: LAYOUT, folder: REVIEW.title, photos: told };
}

function save() {
  // a name that is no UTF-8 holds lone surrogates, which JSON writes as escapes
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(decisions(), null, 1) + "\n"], { type: "application/json" }));
  link.download = "decisions.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  exported = true;
}

function read(text) {
  const told = JSON.parse(text);
  if (told.format !== FORMAT || told.layout !== LAYOUT) throw new Error("it is no file of decisions");
  let count = 0;
  for (const photo of PHOTOS) {
    const one = Object.hasOwn(told.photos, photo.name) ? told.photos[photo.name] : null;
    if (!one || !VERDICTS.includes(one.verdict)) continue;
    const hints = spelled(one.hints || null);
    take(photo, { copy: one.copy, verdict: one.verdict, rating: one.rating || 0, hints, was: "" });
    count += 1;
  }
  keep();
  return count;
}
