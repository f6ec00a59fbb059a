// « Annuler (58 s) »: the seconds left, then nothing. Without a script, the page shows those left when it was made.

const box = document.querySelector("[data-undo]");
const left = box.querySelector("[data-undo-left]");
const ends = Date.now() + Number(box.dataset.undo) * 1000;

const timer = setInterval(() => {
  const seconds = Math.ceil((ends - Date.now()) / 1000);
  if (seconds > 0) {
    left.textContent = `(${seconds} s)`;
    return;
  }
  clearInterval(timer);
  if (box.contains(document.activeElement)) document.getElementById("contenu")?.focus();
  box.remove();
}, 1000);
