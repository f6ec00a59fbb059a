// The dashboard by keyboard: « / » goes to the search, « j » and « k » walk through the requests, Enter opens (it is a link).
// Nothing happens while one is typing, nor with a modifier key: the browser and assistive tools keep their own.

const search = document.querySelector("[data-desk-search]");
const links = [...document.querySelectorAll("[data-desk-open]")];

for (const hint of document.querySelectorAll(".desk-keys")) hint.classList.add("desk-keys--on");

const typing = (target) => target.closest("input, select, textarea, [contenteditable], dialog[open]") !== null;

function walk(step) {
  const here = links.indexOf(document.activeElement);
  const next = links[Math.min(Math.max(here + step, 0), links.length - 1)];
  if (next) {
    next.focus();
    next.closest("[data-desk-line]").scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/" && search) search.focus();
  else if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else return;
  event.preventDefault();
});
