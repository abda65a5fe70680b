"use strict";
const byId = (id) => document.getElementById(id);
const FOCUSABLE = "a, summary, [tabindex]";
const QUIET = 20000;
const NAME = document.title.slice(document.querySelector("h1").textContent.length);
let heard = Date.now();

// A section is put in the place of the old one; what was unfolded stays so, and the keyboard stays where it was.
function renew(id, html) {
  const section = byId(id);
  const open = [...section.querySelectorAll("details[open]")].map((one) => one.id);
  const before = [...section.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  section.innerHTML = html;
  for (const one of open) if (byId(one)) byId(one).open = true;
  if (before >= 0) section.querySelectorAll(FOCUSABLE)[before]?.focus();
}

function isLive(live) {
  const told = byId("live");
  told.hidden = live;
  const text = live ? "" : "Not live: what is shown here is old. Reload the page.";
  if (told.textContent !== text) told.textContent = text;
}

// What a screen reader is told of: only another verdict, not each minute.
function say() {
  const title = document.querySelector("h1").textContent + " " + document.querySelector(".next").textContent.trim();
  if (byId("said").textContent !== title) byId("said").textContent = title;
  document.title = document.querySelector("h1").textContent + NAME;
}

const source = new EventSource(document.body.dataset.events);
source.addEventListener("sections", (event) => {
  heard = Date.now();
  const sections = JSON.parse(event.data);
  for (const [id, html] of Object.entries(sections)) renew(id, html);
  isLive(true);
  if ("verdict" in sections) say();
});
setInterval(() => isLive(Date.now() - heard < QUIET), 1000);

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const answer = byId("answer");
  answer.textContent = "Asking…";
  try {
    const told = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
    answer.textContent = (await told.json()).sentence;
  } catch {
    answer.textContent = "The supervisor did not answer.";
  }
});
