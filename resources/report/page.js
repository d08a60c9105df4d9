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
  const folded = (element) => Boolean(element.closest("details:not([open])"));
  // Those in sight first, the others of unfolded sections when there is time.
  const watcher = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => start(target)),
    { rootMargin: "400px" },
  );
  const running = new Map();
  const start = (element) => {
    if (!running.has(element)) {
      watcher.unobserve(element);
      running.set(element, draw(element).catch(failed(element)).then(keepPlace));
    }
    return running.get(element);
  };
  pending.forEach((element) => watcher.observe(element));
  let round = 0;
  const drawAll = async () => {
    const own = (round += 1);
    document.documentElement.dataset.ready = "no";
    for (const element of pending) {
      if (own !== round) return; // another section was unfolded meanwhile: its round does the rest
      if (folded(element)) continue;
      await start(element);
      await new Promise((done) => setTimeout(done));
    }
    document.documentElement.dataset.ready = "yes";
  };

  const folds = [...document.querySelectorAll("details.fold")];
  // Jumps: what is folded around the goal is unfolded, and the goal stays in its place while charts above it are drawn.
  let goal = null;
  const header = document.querySelector("header");
  const keepPlace = () => {
    if (!goal) return;
    const covered = getComputedStyle(header).position === "sticky" ? header.offsetHeight : 0;
    document.documentElement.style.scrollPaddingTop = `${covered + 8}px`;
    goal.scrollIntoView({ block: "start" });
  };
  ["wheel", "touchmove", "pointerdown", "keydown"].forEach((kind) =>
    window.addEventListener(kind, () => (goal = null), { passive: true, capture: true }),
  );
  const reveal = (id) => {
    const element = id && document.getElementById(decodeURIComponent(id));
    if (!element) return;
    const around = [...element.querySelectorAll(":scope > details.fold")];
    for (let outer = element.closest("details"); outer; outer = outer.parentElement.closest("details")) around.push(outer);
    around.forEach((details) => (details.open = true));
    goal = element;
    keepPlace();
    drawAll();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    event.preventDefault();
    history.pushState(null, "", link.hash);
    reveal(link.hash.slice(1));
  });
  window.addEventListener("popstate", () => reveal(location.hash.slice(1)));
  folds.forEach((details) => details.addEventListener("toggle", () => details.open && drawAll()));
  const unfold = (open) => {
    folds.forEach((details) => (details.open = open));
    drawAll();
  };
  document.querySelectorAll("[data-unfold]").forEach((button) => {
    button.addEventListener("click", () => unfold(button.dataset.unfold === "yes"));
  });
  const unfoldForPrint = () => document.querySelectorAll("details").forEach((details) => (details.open = true));
  window.addEventListener("beforeprint", unfoldForPrint);
  document.querySelector("[data-print]").addEventListener("click", async () => {
    unfoldForPrint();
    drawAll();
    while (document.documentElement.dataset.ready !== "yes") await new Promise((done) => setTimeout(done, 50));
    window.print();
  });
  reveal(location.hash.slice(1));
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

  // Tables. A remark on a row stands on a line of its own below it.
  const pair = (row) => (row.classList.contains("noted") ? [row, row.nextElementSibling] : [row]);
  const filter = (table) => {
    const name = table.dataset.table;
    const words = document.querySelector(`[data-search="${name}"]`).value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.i);
    let n = 0;
    rows.forEach((row) => {
      const text = pair(row).map((one) => one.textContent.toLowerCase()).join(" ");
      const own = !picked || !row.dataset.ofModel || row.dataset.ofModel === picked;
      const hidden = !own || !words.every((word) => text.includes(word));
      pair(row).forEach((one) => (one.hidden = hidden));
      n += !hidden;
    });
    document.querySelector(`[data-count="${name}"]`).textContent =
      `${n === rows.length ? "" : `${n} of `}${rows.length} row${rows.length === 1 ? "" : "s"}`;
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
      const all = [...table.tBodies[0].rows].filter((row) => row.dataset.i);
      const pairs = new Map(all.map((row) => [row, pair(row)]));
      const rows = all.sort((x, y) => {
        const [a, b] = [column[x.dataset.i], column[y.dataset.i]];
        if (a === null || b === null) return (a === null) - (b === null); // what is missing comes last either way
        return sign * compare(a, b) || x.dataset.i - y.dataset.i;
      });
      table.tBodies[0].append(...rows.flatMap((row) => pairs.get(row)));
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

  // One search over all tables and figures: a gene or factor, wherever it appears
  const field = document.getElementById("find");
  const found = document.getElementById("found");
  const plain = (text) => text.toUpperCase().replace(/\([+-]\)/g, "");
  const tokens = (value) => (typeof value === "string" ? plain(value).split(/[^A-Z0-9.\-]+/).filter(Boolean) : []);
  let index = null; // word → name of a block → rows
  const note = (word, block, row) => {
    if (!index.has(word)) index.set(word, new Map());
    const blocks = index.get(word);
    if (!blocks.has(block)) blocks.set(block, new Set());
    blocks.get(block).add(row);
  };
  const build = () => {
    index = new Map();
    const add = (block, columns) => {
      for (const column of Object.values(columns)) {
        const cells = Array.isArray(column) ? column : column.codes.map((code) => column.levels[code]);
        cells.forEach((cell, row) => tokens(cell).forEach((word) => note(word, block, row)));
      }
    };
    for (const [name, columns] of Object.entries(store.tables)) add(`table-${name}`, columns);
    for (const [name, tables] of Object.entries(store.data)) Object.values(tables).forEach((columns) => add(name, columns));
  };
  const cut = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);
  const firstRow = (name, row) => {
    const table = document.querySelector(`[data-table="${name}"]`);
    const heads = [...table.tHead.rows[0].cells];
    const cells = [...table.querySelector(`tr[data-i="${row}"]`).cells];
    return cells.flatMap((cell, i) => (cell.classList.contains("more") || !cell.textContent ? [] : [`${heads[i].textContent} ${cut(cell.textContent)}`])).join(" · ");
  };
  const look = () => {
    const asked = plain(field.value.trim());
    found.hidden = asked.length < 2;
    if (found.hidden) return;
    if (!index) build();
    const exact = index.has(asked);
    const words = exact ? [asked] : [...index.keys()].filter((word) => word.startsWith(asked)).sort();
    const blocks = new Map();
    words.forEach((word) => index.get(word).forEach((rows, block) => {
      blocks.set(block, new Set([...(blocks.get(block) || []), ...rows]));
    }));
    const item = (tag, text, attributes = {}) => Object.assign(document.createElement(tag), { textContent: text }, attributes);
    const list = document.createElement("ul");
    for (const section of document.querySelectorAll("main > section")) {
      for (const element of section.querySelectorAll(".table, .figure")) {
        const rows = blocks.get(element.id);
        if (!rows) continue;
        const own = document.createElement("li");
        const link = item("a", element.querySelector("h3").textContent, { href: `#${element.id}` });
        own.append(link, item("span", ` ${section.querySelector("h2").textContent}`));
        if (element.classList.contains("table")) {
          const name = element.id.slice("table-".length);
          link.dataset.filter = name;
          own.append(item("span", `, ${rows.size} row${rows.size === 1 ? "" : "s"}`));
          own.append(item("div", firstRow(name, Math.min(...rows))));
        } else own.append(item("span", ", figure"));
        list.append(own);
      }
    }
    const what = exact ? asked : words.length > 1 ? `${words.length} names that begin with ${asked}: ${words.slice(0, 8).join(", ")}` : words[0];
    const where = `${list.children.length} place${list.children.length === 1 ? "" : "s"}`;
    found.replaceChildren(item("p", words.length ? `${what}: ${where} on this page` : `${asked} is in no table or figure of this page`), list);
    found.append(item("p", "Of long tables the page has the first rows; the files have all.", { className: "source" }));
  };
  field.addEventListener("input", look);
  field.addEventListener("focus", look);
  found.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    if (link.dataset.filter) {
      const search = document.querySelector(`[data-search="${link.dataset.filter}"]`);
      search.value = field.value.trim();
      search.dispatchEvent(new Event("input"));
    }
    found.hidden = true;
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && (found.hidden = true));
  document.addEventListener("pointerdown", (event) => event.target.closest(".find") || (found.hidden = true));

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
