// « Imprimer » on the official's page; the browser's own menu does the same.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
