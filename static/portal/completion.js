// A combobox with a list (ARIA APG, « editable combobox with list autocomplete ») over a text input that works without it.
// Whatever is typed can be sent: the server recognises it, or offers choices.

const PATIENCE = 120; // milliseconds without a key before the server is asked
let numbered = 0;

class Completion {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input[type=text]");
    this.options = [];
    this.active = -1;
    this.timer = 0;
    this.asking = null;
    this.prepareFields();
    this.buildList();
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
  }

  prepareFields() {
    const name = this.input.name;
    this.code = this.root.querySelector("[data-code]") ?? this.hidden(`${name}_code`);
    this.asked = this.root.querySelector("[data-asked]") ?? this.root.querySelector(`input[name="${name}_asked"]`) ?? this.hidden(`${name}_asked`);
    this.code.disabled = this.offered() !== null;
  }

  hidden(name) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    this.root.append(field);
    return field;
  }

  offered() {
    return this.root.querySelector("[data-offered]");
  }

  buildList() {
    numbered += 1;
    const id = `${this.input.id || "completion"}-liste-${numbered}`;
    this.list = document.createElement("ul");
    this.list.id = id;
    this.list.className = "portal-completion__list";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Collectivités");
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.status = document.createElement("div");
    this.status.className = "fr-sr-only";
    this.status.setAttribute("role", "status");
    this.input.after(this.list);
    this.root.append(this.status);
    for (const [attribute, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-haspopup": "listbox",
      autocapitalize: "off",
    })) {
      this.input.setAttribute(attribute, value);
    }
  }

  typed() {
    this.code.value = "";
    this.asked.value = "";
    clearTimeout(this.timer);
    this.asking?.abort();
    const text = this.input.value.trim();
    if (!text) {
      this.close();
      this.status.textContent = "";
      return;
    }
    this.timer = setTimeout(() => this.ask(text), PATIENCE);
  }

  async ask(text) {
    this.asking = new AbortController();
    const address = new URL(this.root.dataset.url, document.baseURI);
    address.searchParams.set("q", text);
    if (this.root.dataset.kinds) address.searchParams.set("kind", this.root.dataset.kinds);
    try {
      const response = await fetch(address, { signal: this.asking.signal, headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { results } = await response.json();
      if (this.input.value.trim() === text) this.show(results);
    } catch (error) {
      if (error.name !== "AbortError") this.close(); // the text can still be sent as it is
    }
  }

  show(results) {
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.options = results.map((result, rank) => this.option(result, rank));
    this.list.replaceChildren(...this.options);
    const open = this.options.length > 0 && document.activeElement === this.input;
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.status.textContent = this.counted(results.length);
  }

  counted(count) {
    if (count === 0) return "Aucune collectivité ne correspond.";
    const found = count === 1 ? "1 collectivité proposée" : `${count} collectivités proposées`;
    return `${found}. Choisissez avec les flèches haut et bas, validez avec Entrée.`;
  }

  option(result, rank) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${rank}`;
    item.className = "portal-completion__option";
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.code = result.code;
    item.dataset.label = result.label;
    const detail = document.createElement("span");
    detail.className = "portal-completion__detail";
    detail.textContent = result.detail;
    item.append(result.label, " ", detail);
    return item;
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) this.move(event.key === "ArrowDown" ? 1 : -1);
      else if (this.input.value.trim()) this.ask(this.input.value.trim());
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.choose(this.options[this.active]);
    } else if (event.key === "Tab" && open && this.active >= 0) {
      this.choose(this.options[this.active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    }
  }

  move(step) {
    const count = this.options.length;
    this.options[this.active]?.setAttribute("aria-selected", "false");
    this.active = this.active < 0 ? (step > 0 ? 0 : count - 1) : (this.active + step + count) % count;
    const option = this.options[this.active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  clicked(event) {
    const option = event.target.closest("[role=option]");
    if (option) this.choose(option);
  }

  choose(option) {
    this.input.value = option.dataset.label;
    this.offered()?.remove();
    this.code.disabled = false;
    this.code.value = option.dataset.code;
    this.asked.value = option.dataset.label;
    this.close();
    this.status.textContent = `${option.dataset.label} choisie.`;
    this.root.dispatchEvent(new CustomEvent("collectivity:chosen", { bubbles: true, detail: { code: option.dataset.code } }));
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

function start(scope) {
  for (const root of scope.querySelectorAll("[data-completion]:not([data-completion-ready])")) {
    root.dataset.completionReady = "";
    new Completion(root);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
