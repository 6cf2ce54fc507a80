// The page over a set: its rows in pages, in an order, and groups of pictures that are alike.
// A page that was opened from a disk reads no files, but it may load scripts: rows and small
// pictures call the two functions at the end.

(() => {
  const PAGE = 50;
  const KEPT = 24; // parts with small pictures
  const COLUMNS = [
    ["path", "Picture"], ["group", "Group"], ["top1", "Class"], ["probability1", "Probability"],
    ["margin", "Margin"], ["focus_share", "In focus"], ["entropy", "Entropy"], ["off_centre", "Off centre"],
    ["inside_box", "In the box"], ["layer", "Layer"], ["error", "Error"],
  ];
  const one = (words) => document.querySelector(words);
  const parts = new Map();
  let set = null;
  const orders = { "in their order": null };
  let rows = [];
  let state = { page: 0, order: null, group: null };

  const value = (name, row) => {
    const column = set.columns[name];
    if (!column) return null;
    return column.length === 2 && Array.isArray(column[1]) ? column[0][column[1][row]] ?? null : column[row];
  };

  /** Loads the small pictures of a row's part, once; few parts are kept. */
  const small = (row) => {
    const number = Math.floor(row / set.part);
    if (!parts.has(number)) {
      const part = {};
      part.there = new Promise((resolve) => {
        part.resolve = resolve;
      });
      parts.set(number, part);
      const script = document.createElement("script");
      script.src = `index/${String(number).padStart(6, "0")}.js`;
      script.onerror = () => part.resolve([]);
      document.head.append(script);
      script.onload = () => script.remove();
      if (parts.size > KEPT) parts.delete(parts.keys().next().value);
    }
    return parts.get(number).there.then((pictures) => pictures[row - number * set.part] ?? null);
  };

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  /** A grid of grey values as a picture whose opacity they are. */
  const opacity = (grey, rowCount, columnCount) => {
    const data = new ImageData(columnCount, rowCount);
    grey.forEach((level, at) => {
      data.data[4 * at + 3] = level;
    });
    const canvas = new OffscreenCanvas(columnCount, rowCount);
    canvas.getContext("2d").putImageData(data, 0, 0);
    return canvas;
  };

  /** Draws a row's picture, and what is in focus sharp over its blur, on two canvases. */
  const draw = async (row, plain, focus) => {
    const found = await small(row);
    if (!found) return;
    const [jpeg, rowCount, columnCount, grey] = found;
    const image = await createImageBitmap(new Blob([bytes(jpeg)], { type: "image/jpeg" }));
    const { width, height } = image;
    for (const canvas of [plain, focus]) if (canvas) Object.assign(canvas, { width, height });
    plain?.getContext("2d").drawImage(image, 0, 0);
    if (!focus) return;
    const sharp = new OffscreenCanvas(width, height);
    const pen = sharp.getContext("2d");
    pen.drawImage(image, 0, 0);
    pen.globalCompositeOperation = "destination-in";
    pen.drawImage(opacity(bytes(grey), rowCount, columnCount), 0, 0, width, height);
    const brush = focus.getContext("2d");
    const radius = Math.max(2, Math.round(Math.max(width, height) / 16));
    brush.filter = `blur(${radius}px) brightness(0.85)`;
    brush.drawImage(image, -2 * radius, -2 * radius, width + 4 * radius, height + 4 * radius); // or edges fade
    brush.filter = "none";
    brush.drawImage(sharp, 0, 0);
  };

  const make = (tag, options = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), options);
    element.append(...inside);
    return element;
  };

  const text = (name, row) => {
    const what = value(name, row);
    if (what === null) return "";
    if (name === "path") return String(what).split(/[\\/]/).slice(-2).join("/");
    return typeof what === "number" ? what.toFixed(3) : String(what);
  };

  const open = (row) => {
    const pair = make("div", { className: "pair" }, make("canvas"), make("canvas"));
    const list = make("dl");
    const names = [...COLUMNS, ["top2", "Next class"], ["probability2", "Its probability"], ["target", "Explains"],
      ["method", "Method"], ["spread", "Spread"]];
    for (const [name, title] of names) {
      const told = name === "path" ? String(value(name, row)) : text(name, row);
      if (told) list.append(make("dt", { textContent: title }), make("dd", { textContent: told }));
    }
    one("dialog div").replaceChildren(pair, list);
    one("dialog").showModal();
    draw(row, ...pair.children);
  };

  const line = (row, columns) => {
    const label = `Look at ${text("path", row)}`;
    const look = make("button", { className: "look", type: "button" }, make("canvas"), make("canvas"));
    look.setAttribute("aria-label", label);
    look.onclick = () => open(row);
    draw(row, ...look.children);
    const cells = columns.map(([name]) => {
      const number = typeof value(name, row) === "number";
      return make("td", { className: number ? "number" : "text", textContent: text(name, row) });
    });
    return make("tr", {}, make("td", {}, look), ...cells);
  };

  const fits = (row, words, only) => {
    if (only === "error" && value("error", row) === null) return false;
    if (only === "flat" && value("flat", row) !== 1) return false;
    if (only === "sure" && value("sure", row) !== 1) return false;
    if (only === "unsure" && value("sure", row) !== 0) return false;
    if (!words) return true;
    return ["path", "group", "top1", "error"].some((name) =>
      String(value(name, row) ?? "").toLowerCase().includes(words));
  };

  /** Chooses the rows and their order anew. */
  const choose = () => {
    const words = one("[name=find]").value.trim().toLowerCase();
    const only = one("[name=only]").value;
    const all = state.group?.members ?? Array.from({ length: set.count }, (_, row) => row);
    rows = all.filter((row) => fits(row, words, only));
    if (state.order) {
      const [name, direction] = state.order;
      const key = new Map(rows.map((row) => [row, value(name, row)]));
      const last = (what) => what === null || what === "";
      rows.sort((a, b) => {
        const [x, y] = [key.get(a), key.get(b)];
        if (last(x) || last(y)) return last(x) - last(y);
        return direction * (x < y ? -1 : x > y ? 1 : 0);
      });
    }
    state.page = 0;
    show();
  };

  const show = () => {
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    const columns = COLUMNS.filter(([name]) => set.columns[name]);
    const begin = state.page * PAGE;
    one("tbody").replaceChildren(...rows.slice(begin, begin + PAGE).map((row) => line(row, columns)));
    const headers = columns.map(([name, title]) => {
      const sorted = state.order?.[0] === name ? state.order[1] : 0;
      const button = make("button", { type: "button", textContent: title + ["", " ▲", " ▼"].at(sorted) });
      button.onclick = () => {
        state.order = [name, sorted > 0 ? -1 : 1];
        choose();
      };
      const cell = make("th", { scope: "col" }, button);
      if (sorted) cell.setAttribute("aria-sort", sorted > 0 ? "ascending" : "descending");
      return cell;
    });
    one("thead tr").replaceChildren(make("th", { scope: "col", textContent: "" }), ...headers);
    const of = state.group ? `, of a group of ${state.group.members.length.toLocaleString("en")}` : "";
    const noun = rows.length === 1 ? "picture" : "pictures";
    one(".count").textContent = `${rows.length.toLocaleString("en")} ${noun}${of}`;
    one("nav span").textContent = `Page ${state.page + 1} of ${pages}`;
    one("[name=back]").disabled = state.page === 0;
    one("[name=on]").disabled = state.page === pages - 1;
    one("[name=all]").hidden = !state.group;
  };

  const card = (cluster) => {
    const place = make("canvas", { className: "place", width: 8, height: 8 });
    const most = Math.max(...cluster.place);
    const grey = cluster.place.map((share) => Math.round((255 * share) / most));
    const pen = place.getContext("2d");
    pen.fillStyle = "#222";
    pen.fillRect(0, 0, 8, 8);
    const light = new ImageData(8, 8);
    grey.forEach((level, at) => light.data.set([level, level, Math.round(level / 2), 255], 4 * at));
    pen.putImageData(light, 0, 0);
    const strip = make("span", { className: "strip" }, place);
    for (const row of cluster.members.slice(0, 4)) {
      const canvas = make("canvas");
      strip.append(canvas);
      draw(row, null, canvas);
    }
    const share = (part) => `${Math.round(100 * part)} %`;
    const told = `${share(cluster.purity)} ${cluster.label || "without a class"} (${share(cluster.usual)} of all)`;
    const where = `${share(cluster.distance)} of the map lies elsewhere than usual`;
    const count = `${cluster.members.length.toLocaleString("en")} pictures`;
    const button = make("button", { className: "card", type: "button" }, strip,
      make("strong", { textContent: told }), make("span", { textContent: `${count}; ${where}` }));
    button.onclick = () => {
      state = { ...state, group: cluster, order: null };
      choose();
      one(".count").scrollIntoView({ block: "center" });
    };
    return button;
  };

  const turn = (step) => () => {
    state.page += step;
    show();
  };
  one("[name=back]").onclick = turn(-1);
  one("[name=on]").onclick = turn(1);
  one("[name=all]").onclick = () => {
    state.group = null;
    choose();
  };
  one("[name=find]").oninput = choose;
  one("[name=only]").onchange = choose;
  one("section form").onsubmit = (event) => event.preventDefault();
  one("[name=order]").onchange = (event) => {
    state.order = orders[event.target.value];
    choose();
  };

  window.attnvizPart = (number, pictures) => parts.get(number)?.resolve(pictures);
  window.attnvizSet = (content) => {
    set = content;
    const { centre_y: down, centre_x: across } = set.columns;
    set.columns.off_centre = down.map((y, row) => (y === null ? null : Math.hypot(y - 0.5, across[row] - 0.5)));
    const errors = set.columns.error[1].filter((at) => at !== null).length;
    document.title = set.title;
    one("h1").textContent = set.title;
    if (errors === 0) delete set.columns.error;
    const failed = errors ? `, ${errors.toLocaleString("en")} of which failed` : "";
    one(".told").textContent = `${set.count.toLocaleString("en")} pictures${failed}`;
    for (const [title, column, direction] of set.orders) {
      if (set.columns[column]) orders[title] = [column, direction];
    }
    const options = Object.keys(orders).map((name) => make("option", { value: name, textContent: name }));
    one("[name=order]").append(...options);
    one(".groups").hidden = set.clusters.length === 0;
    one(".cards").append(...set.clusters.slice(0, 6).map(card));
    choose();
  };
})();
