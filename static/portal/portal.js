// What every page shares. All of it is comfort: each page works without a script.

document.documentElement.classList.add("portal-scripted");

// A form that leaves is sent once; a page brought back by the browser may send again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// What is wrong is read first.
document.getElementById("erreurs")?.focus();

// « Il reste 1 939 caractères »: what is over the limit is kept, and said.
function counter(field) {
  const limit = Number(field.dataset.counter);
  const status = document.createElement("p");
  status.className = "fr-hint-text";
  status.id = `${field.id}-compteur`;
  field.after(status);
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${status.id}`.trim());
  const number = new Intl.NumberFormat("fr-FR");
  const count = () => {
    const left = limit - [...field.value.trim()].length;
    const characters = Math.abs(left) > 1 ? "caractères" : "caractère";
    status.textContent = left < 0 ? `${number.format(-left)} ${characters} de trop` : `Il reste ${number.format(left)} ${characters}`;
  };
  field.addEventListener("input", count);
  count();
}

document.querySelectorAll("textarea[data-counter]").forEach(counter);

// « Insérer les faits »: the lines of a list are added to a text, to be completed or cut.
for (const button of document.querySelectorAll("button[data-facts]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.into);
    const lines = [...document.querySelectorAll(`#${button.dataset.facts} > li`)].map((line) => `- ${line.textContent.trim().replace(/\s+/g, " ")}`);
    field.value = [field.value.trim(), ...lines].filter(Boolean).join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
