// SPDX-License-Identifier: Apache-2.0
// One trial after another: load its pictures whole, show them for one second, take the answer.
"use strict";

const SHOWN_MS = 1000;
const READY_MS = 500; // eyes find the place before the pictures come
const FEEDBACK_MS = 1000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const KEYS = { 1: 0, ArrowLeft: 0, 2: 1, ArrowRight: 1 };
const MEMORY = "session"; // of this tab, until it is closed

const $ = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const choices = [$("choice0"), $("choice1")];
const images = [$("picture0"), $("picture1")].filter(Boolean);
const parts = ["welcome", "trial", "pause", "end", "trouble"];

let session = sessionStorage.getItem(MEMORY);
let practiced = false;
let underWay = false;

class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

function show(part, focus) {
  for (const each of parts) $(each).hidden = each !== part;
  if (focus) focus.focus();
}

// Ask the study; a connection that is gone for a while is waited for.
async function ask(path, content) {
  const body = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) };
  for (let tries = 0; ; tries++) {
    try {
      const reply = await fetch(path, body);
      const said = await reply.json();
      if (reply.ok) return said;
      if (reply.status < 500) throw new Refused(reply.status, said.error);
      if (tries >= RETRY_MS.length) throw new Error(said.error);
    } catch (error) {
      if (error instanceof Refused || tries >= RETRY_MS.length) throw error;
    }
    await pause(RETRY_MS[tries]);
  }
}

async function load(image, name) {
  const reply = await fetch("picture/" + name);
  if (!reply.ok) throw new Error("A picture did not come.");
  const address = URL.createObjectURL(await reply.blob());
  image.src = address;
  await image.decode();
  return address;
}

// Resolves when the pictures have been seen for one second, counted from the frame that first shows them.
function expose() {
  return new Promise((resolve) => {
    requestAnimationFrame((begun) => {
      $("pictures").classList.add("seen");
      const hide = () => {
        $("pictures").classList.remove("seen");
        resolve();
      };
      const late = setTimeout(hide, SHOWN_MS + 250); // no frames come while the tab is behind others
      const look = (now) => {
        if (now - begun < SHOWN_MS) return requestAnimationFrame(look);
        clearTimeout(late);
        hide();
      };
      requestAnimationFrame(look);
    });
  });
}

function chosen() {
  const held = choices.find((button) => button.dataset.held);
  return new Promise((resolve) => {
    const take = (choice) => {
      // who answers by Tab and Enter finds the focus where it was, though the buttons were disabled meanwhile
      for (const button of choices) button.dataset.held = button === document.activeElement ? "yes" : "";
      document.removeEventListener("keydown", press);
      for (const button of choices) button.onclick = null;
      resolve(choice);
    };
    const press = (event) => {
      if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || !(event.key in KEYS)) return;
      event.preventDefault();
      take(KEYS[event.key]);
    };
    document.addEventListener("keydown", press);
    choices.forEach((button, choice) => {
      button.disabled = false;
      button.onclick = () => take(choice);
    });
    if (held) held.focus();
  });
}

function lay(trial) {
  $("progress").textContent = `${trial.practice ? "Practice" : "Trial"} ${trial.number} of ${trial.of}`;
  $("done").style.width = `${(100 * (trial.number - 1)) / trial.of}%`;
  const [width, height] = trial.size;
  $("pictures").style.setProperty("--width", `${width}px`);
  $("pictures").style.setProperty("--aspect", width / height);
  for (const button of choices) {
    button.disabled = true;
    button.classList.remove("chosen");
  }
  $("said").textContent = "";
  show("trial");
}

// Return the addresses of a trial's pictures, or nothing where one did not come.
async function prepare(trial) {
  lay(trial);
  const loading = images.map((image, at) => load(image, trial.pictures[at]));
  const [results] = await Promise.all([Promise.allSettled(loading), pause(READY_MS)]);
  return results.every((result) => result.status === "fulfilled") ? results.map((result) => result.value) : null;
}

async function run(trial, addresses) {
  await expose();
  for (const image of images) image.removeAttribute("src");
  addresses.forEach(URL.revokeObjectURL);
  const choice = await chosen();
  choices.forEach((button) => (button.disabled = true));
  choices[choice].classList.add("chosen");
  try {
    const said = await ask("answer", { token: trial.token, choice });
    if (trial.practice) {
      $("said").textContent = said.right ? "Right." : "Wrong.";
      await pause(FEEDBACK_MS);
    }
  } catch (error) {
    // answered already, or to be asked anew: what comes next tells
    if (!(error instanceof Refused) || ![409, 410].includes(error.status)) throw error;
  }
}

function finish(trial) {
  sessionStorage.removeItem(MEMORY);
  $("score").textContent = `You were right in ${trial.right} of ${trial.of}.`;
  show("end");
}

async function proceed() {
  if (underWay) return;
  underWay = true;
  let failed = 0;
  try {
    if (!session) {
      session = (await ask("begin", {})).session;
      sessionStorage.setItem(MEMORY, session);
    }
    for (;;) {
      const trial = await ask("trial", { session });
      if (trial.done) return finish(trial);
      if (practiced && !trial.practice) {
        practiced = false;
        show("pause", $("continue"));
        await new Promise((resolve) => ($("continue").onclick = resolve));
      }
      practiced = trial.practice;
      const addresses = await prepare(trial);
      if (addresses) {
        await run(trial, addresses);
        failed = 0;
      } else if (failed < RETRY_MS.length) {
        await pause(RETRY_MS[failed++]); // and have it dealt anew
      } else {
        throw new Error("The pictures do not come.");
      }
    }
  } catch (error) {
    const refused = error instanceof Refused;
    if (refused && [403, 410].includes(error.status)) {
      session = null; // over, or of another study; one can begin anew
      sessionStorage.removeItem(MEMORY);
    }
    $("reason").textContent = refused ? error.message : "The study does not answer. What you answered is kept.";
    show("trouble", $("again"));
  } finally {
    underWay = false;
  }
}

$("begin").onclick = proceed;
$("again").onclick = () => (session ? proceed() : show("welcome", $("begin")));
if (session) proceed();
