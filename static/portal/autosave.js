// Saves a form while it is being typed. The form bears data-autosave (where to post) and an element data-autosave-status,
// which says « Enregistré à 14 h 32 ». Answers: {version, message}; 409 with {message, differences: [{label, …}]} when
// another device saved meanwhile; 401 when the session has expired; 410 when the draft is gone.
// What could not be saved is kept by this browser and offered back.

const PAUSE = 2000;
const LONGEST_WAIT = 8000;

function autosave(form) {
  const status = form.querySelector("[data-autosave-status]");
  const version = form.elements.namedItem("version");
  const kept = `autosave:${form.dataset.autosave}`;
  let timer = 0;
  let sending = null; // the save under way
  let released = false; // the form has waited for it
  let changed = false;
  let stopped = false;

  const say = (text) => {
    status.textContent = text;
  };

  const typed = () => {
    const data = new FormData(form);
    for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
    return data;
  };

  const keep = () => {
    const entries = [...typed().entries()].filter(([name]) => name !== "csrfmiddlewaretoken" && name !== "version");
    try {
      sessionStorage.setItem(kept, JSON.stringify(entries));
    } catch {
      // a full or closed storage keeps nothing: the page itself still holds the text
    }
  };

  function save() {
    if (sending || stopped || !changed) return;
    changed = false;
    sending = post().finally(() => {
      sending = null;
    });
  }

  async function post() {
    try {
      const response = await fetch(form.dataset.autosave, { method: "POST", body: typed(), credentials: "same-origin" });
      const answer = await response.json();
      if (response.ok) {
        version.value = answer.version;
        sessionStorage.removeItem(kept);
      } else {
        keep();
        stopped = response.status === 409 || response.status === 410;
      }
      say(answer.message);
    } catch {
      keep();
      changed = true;
      say("Pas de réseau : votre texte est gardé sur cet appareil et sera enregistré dès que possible.");
      timer = setTimeout(save, 5 * PAUSE);
    }
  }

  const later = () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("focusout", () => save());
  // On a slow network an older text may still be under way: the form waits for its answer, and leaves with its version.
  const leaving = (event) => {
    clearTimeout(timer);
    if (!sending || !changed || released) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // for the others, the form has not left yet
    if (stopped) return;
    stopped = true;
    const patience = new Promise((done) => setTimeout(done, LONGEST_WAIT));
    Promise.race([sending, patience]).then(() => {
      released = true;
      form.requestSubmit(event.submitter);
    });
  };
  form.addEventListener("submit", leaving, { capture: true });
  form.addEventListener("submit", () => {
    stopped = true;
    keep();
  });
  window.addEventListener("online", () => save());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });

  const restore = () => {
    let entries;
    try {
      entries = JSON.parse(sessionStorage.getItem(kept) ?? "null");
    } catch {
      return;
    }
    sessionStorage.removeItem(kept);
    for (const [name, value] of entries ?? []) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLTextAreaElement && field.value === "" && value !== "") {
        field.value = value;
        later();
      }
    }
  };
  restore();
}

document.querySelectorAll("form[data-autosave]").forEach(autosave);
