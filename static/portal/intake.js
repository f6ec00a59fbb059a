// The first step of filing: a filter over the subjects, and groups folded on a small screen. The page works without it.

const plain = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("œ", "oe").replaceAll("’", "'").toLowerCase();

function subjects(root) {
  const search = root.querySelector("[data-subject-search]");
  const input = search.querySelector("input");
  const status = root.querySelector("[data-subject-count]");
  const groups = [...root.querySelectorAll("[data-subject-group]")].map((element) => ({
    element,
    choices: [...element.querySelectorAll("[data-words]")].map((choice) => ({
      element: choice,
      words: plain(choice.dataset.words),
      radio: choice.querySelector("input"),
    })),
  }));
  const narrow = window.matchMedia("(max-width: 47.99em)").matches;
  const fold = () => {
    for (const group of groups) group.element.open = !narrow || group.choices.some((choice) => choice.radio.checked);
  };
  const filter = () => {
    const wanted = plain(input.value.trim()).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const group of groups) {
      let shown = 0;
      for (const choice of group.choices) {
        const fits = choice.radio.checked || wanted.every((word) => choice.words.includes(word));
        choice.element.hidden = !fits;
        shown += fits ? 1 : 0;
      }
      group.element.hidden = shown === 0;
      if (wanted.length) group.element.open = true;
      count += shown;
    }
    if (!wanted.length) {
      fold();
      status.textContent = "";
    } else if (count === 0) {
      status.textContent = "Aucun sujet ne correspond. Essayez un autre mot, ou choisissez « Je ne sais pas ».";
    } else {
      status.textContent = count === 1 ? "1 sujet" : `${count} sujets`;
    }
  };
  search.hidden = false;
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // Enter searches, it does not send the page
  });
  fold();
}

document.querySelectorAll("[data-subjects]").forEach(subjects);

// A page brought back from memory shows an old version of the draft: ask for the saved one.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
