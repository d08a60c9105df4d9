"use strict";
// The page at work: charts from the data it carries, tables that sort and search, one choice of a model for all, downloads.
(() => {
  const store = JSON.parse(document.getElementById("store").textContent);
  const views = new Map();
  let picked = "";

  // Columns as the page carries them, as rows. A coded column is levels and codes.
  const rowsOf = (columns) => {
    const names = Object.keys(columns);
    const cells = names.map((name) => {
      const column = columns[name];
      return Array.isArray(column) ? column : column.codes.map((code) => column.levels[code]);
    });
    const n = names.length ? cells[0].length : 0;
    return Array.from({ length: n }, (_, i) => Object.fromEntries(names.map((name, j) => [name, cells[j][i]])));
  };
  const tables = new Map();
  const tableOf = (figure, key) => {
    const id = `${figure}/${key}`;
    if (!tables.has(id)) tables.set(id, rowsOf(store.data[figure][key]));
    return tables.get(id);
  };
  const chosen = (rows, where) =>
    rows.filter((row) => Object.entries(where).every(([name, value]) => !(name in row) || row[name] === value));

  // Charts
  const draw = async (element) => {
    const figure = element.dataset.figure;
    const { spec, where } = store.figures[figure][Number(element.dataset.panel)];
    const datasets = {};
    let rows = 0;
    for (const key of Object.keys(store.data[figure])) {
      datasets[key] = chosen(tableOf(figure, key), where);
      rows += datasets[key].length;
    }
    const full = { ...spec, datasets, config: store.config };
    // Many points are painted, few are drawn: crisp letters, and an element a mark.
    const renderer = rows > 1500 ? "canvas" : "svg";
    const { view } = await vegaEmbed(element, full, { actions: false, renderer });
    views.set(element, view);
    if (element.closest("[hidden]")) element.dataset.stale = "yes";
    if (hasPick(view)) {
      if (picked) view.signal("picked", picked).run();
      view.addEventListener("click", (event, item) => {
        const model = item && item.datum && item.datum.model;
        if (model) pick(model === picked ? "" : model);
      });
    }
    element.dataset.drawn = "yes";
  };
  const hasPick = (view) => "picked" in view.getState({ signals: (name) => name === "picked", data: () => false }).signals;

  const pending = [...document.querySelectorAll(".chart")];
  const failed = (element) => (error) => {
    element.dataset.drawn = "no";
    element.textContent = `This chart can't be drawn: ${error.message}`;
    console.error(error);
  };
  // Those in sight first, the others when there is time.
  const watcher = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => start(target)),
    { rootMargin: "400px" },
  );
  const start = (element) => {
    if (element.dataset.drawn || element.dataset.started) return Promise.resolve();
    element.dataset.started = "yes";
    watcher.unobserve(element);
    return draw(element).catch(failed(element));
  };
  pending.forEach((element) => watcher.observe(element));
  const drawAll = async () => {
    for (const element of pending) {
      await start(element);
      await new Promise((done) => setTimeout(done));
    }
    document.documentElement.dataset.ready = "yes";
  };
  window.addEventListener("beforeprint", drawAll);
  drawAll();

  // One model in all figures and tables
  const buttons = [...document.querySelectorAll("[data-pick]")];
  const pick = (model) => {
    picked = model;
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.pick === model)));
    document.querySelectorAll(".panel[data-model]").forEach((panel) => {
      panel.hidden = Boolean(model) && panel.dataset.model !== model;
    });
    views.forEach((view) => hasPick(view) && view.signal("picked", model).runAsync());
    document.querySelectorAll("table[data-table]").forEach(filter);
    // Charts keep their width; only those that were drawn while hidden have none yet.
    const stale = [...views.keys()].filter((element) => element.dataset.stale && !element.closest("[hidden]"));
    stale.forEach((element) => delete element.dataset.stale);
    if (stale.length) window.dispatchEvent(new Event("resize"));
  };
  buttons.forEach((button) => button.addEventListener("click", () => pick(button.dataset.pick)));
  document.addEventListener("keydown", (event) => event.key === "Escape" && picked && pick(""));

  // Tables
  const filter = (table) => {
    const name = table.dataset.table;
    const words = document.querySelector(`[data-search="${name}"]`).value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...table.tBodies[0].rows];
    let n = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      const own = !picked || !row.dataset.ofModel || row.dataset.ofModel === picked;
      row.hidden = !own || !words.every((word) => text.includes(word));
      n += !row.hidden;
    });
    document.querySelector(`[data-count="${name}"]`).textContent =
      n === rows.length ? `${n} rows` : `${n} of ${rows.length} rows`;
  };
  document.querySelectorAll("[data-search]").forEach((input) => {
    const table = document.querySelector(`[data-table="${input.dataset.search}"]`);
    input.addEventListener("input", () => filter(table));
  });
  document.querySelectorAll("[data-sort]").forEach((button) => {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const table = button.closest("table");
      const column = rowsOf({ v: store.tables[table.dataset.table][button.dataset.sort] }).map((row) => row.v);
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      table.querySelectorAll("th[aria-sort]").forEach((cell) => cell.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
      const rows = [...table.tBodies[0].rows].sort((x, y) => {
        const [a, b] = [column[x.dataset.i], column[y.dataset.i]];
        if (a === null || b === null) return (a === null) - (b === null); // what is missing comes last either way
        return sign * compare(a, b) || x.dataset.i - y.dataset.i;
      });
      table.tBodies[0].append(...rows);
    });
  });
  document.querySelectorAll("[data-wide]").forEach((button) => {
    button.addEventListener("click", () => {
      const wide = document.querySelector(`[data-table="${button.dataset.wide}"]`).classList.toggle("wide");
      button.setAttribute("aria-pressed", String(wide));
    });
  });

  // Downloads
  const save = (href, name) => {
    const link = Object.assign(document.createElement("a"), { href, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  };
  const saveText = (text, name, type) => {
    const href = URL.createObjectURL(new Blob([text], { type }));
    save(href, name);
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  };
  const toTsv = (columns) => {
    const names = Object.keys(columns);
    const lines = rowsOf(columns).map((row) => names.map((name) => row[name] ?? "").join("\t"));
    return [names.join("\t"), ...lines].join("\n") + "\n";
  };
  document.querySelectorAll("[data-save]").forEach((button) => {
    button.addEventListener("click", async () => {
      const { save: kind, of, key } = button.dataset;
      if (kind === "table") return saveText(toTsv(store.tables[of]), `${of}.tsv`, "text/tab-separated-values");
      if (kind === "tsv") return saveText(toTsv(store.data[of][key]), key === of ? `${of}.tsv` : `${of}.${key}.tsv`, "text/tab-separated-values");
      const charts = [...document.querySelectorAll(`.chart[data-figure="${of}"]`)].filter((element) => !element.closest("[hidden]"));
      for (const [i, element] of charts.entries()) {
        await start(element);
        const name = charts.length > 1 ? `${of}-${i + 1}` : of;
        save(await views.get(element).toImageURL(kind, kind === "png" ? 3 : 1), `${name}.${kind}`);
      }
    });
  });

  // Where the reader is
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const spy = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      links.forEach((link, name) => (name === target.id ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
    }),
    { rootMargin: "-20% 0px -70% 0px" },
  );
  document.querySelectorAll("main > section").forEach((section) => spy.observe(section));
})();
