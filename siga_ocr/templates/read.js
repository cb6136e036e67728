"use strict";
const PAGE = 50;
const rows = JSON.parse(document.getElementById("rows").textContent);
const at = (id) => document.getElementById(id);
const memory = "siga-ocr " + location.pathname + " " + rows.length + " " + (rows.length ? rows[0].path + rows[0].read : "");
const labels = new Map(remembered());
let shown = [];
let page = 0;

function remembered() {
  try { return JSON.parse(localStorage.getItem(memory)) || []; } catch { return []; }
}

function remember() {
  try { localStorage.setItem(memory, JSON.stringify([...labels])); } catch { /* a browser may forbid it: the labels then last as long as the page */ }
}

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

const percent = (share) => (100 * share).toFixed(share > 0.9995 || share < 0.1 ? 0 : 1) + " %";
const isRefused = (row) => row.status !== "ok";
const isTaken = (row) => labels.has(row.number) && !row.turned;
const rank = { error: 1, review: 0, ok: 2 };
const orders = {
  queue: (a, b) => rank[a.status] - rank[b.status] || a.confidence - b.confidence,
  confidence: (a, b) => a.confidence - b.confidence,
  weakest: (a, b) => a.weakest - b.weakest,
  file: (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0),
  read: (a, b) => a.number - b.number,
};
const kinds = {
  all: () => true, refused: isRefused, labelled: (row) => labels.has(row.number),
  review: (row) => row.status === "review", error: (row) => row.status === "error", ok: (row) => row.status === "ok",
};

function choose() {
  const wanted = at("search").value.trim().toLowerCase();
  const has = (row) => !wanted || row.text.toLowerCase().includes(wanted) || row.file.toLowerCase().includes(wanted);
  shown = rows.filter(kinds[at("show").value]).filter(has).sort(orders[at("order").value]);
  page = 0;
  draw();
}

function draw() {
  const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
  page = Math.min(page, last);
  const part = shown.slice(page * PAGE, (page + 1) * PAGE);
  at("list").replaceChildren(...(part.length ? part.map(crop) : [make("p", "dim", "No reading is like that.")]));
  at("page").textContent = `Page ${page + 1} of ${last + 1}, ${shown.length} crops`;
  at("before").disabled = page === 0;
  at("after").disabled = page === last;
  count();
}

function count() {
  const refused = rows.filter(isRefused).length;
  const taken = rows.filter(isTaken).length, left = labels.size - taken;
  at("counts").textContent = `${rows.length} crops, ${refused} to look at, ${labels.size} labelled`
    + (left ? `, ${left} of them not in labels.csv because their files are not upright` : "");
  at("download").disabled = taken === 0;
}

function crop(row) {
  const element = make("section", "crop" + (labels.has(row.number) ? " labelled" : ""));
  element.setAttribute("aria-label", row.file);
  const view = make("div", "view");
  if (row.picture) {
    const image = make("img");
    image.loading = "lazy";
    image.alt = row.text || "no text";
    [image.width, image.height] = row.size;
    image.src = "data:image/webp;base64," + row.picture;
    view.append(image);
  }
  const told = make("div");
  const text = make("div", "text");
  row.characters.forEach((one, index) => text.append(character(row, one, index, view)));
  const fact = make("p", "dim");
  const sure = row.status === "error" ? row.error : percent(row.confidence) + (row.text ? "" : ", no text");
  fact.append(make("span", row.status, row.status), ` ${sure} · ${row.file}${row.turned ? ` · turned by ${row.turned}°` : ""}`);
  told.append(text, fact);
  element.append(view, told, box(row, element));
  return element;
}

function character(row, one, index, view) {
  const [glyph, sure, others] = one;
  const element = make("span", sure >= 0.95 ? "good" : sure >= 0.7 ? "fair" : "poor", glyph);
  element.tabIndex = 0;
  element.title = `${glyph} ${percent(sure)}` + (others ? `; or ${others}` : "");
  element.setAttribute("aria-label", element.title);
  for (const event of ["mouseenter", "focus"]) element.addEventListener(event, () => light(row, index, view));
  for (const event of ["mouseleave", "blur"]) element.addEventListener(event, () => view.querySelector("canvas")?.remove());
  return element;
}

function light(row, index, view) {
  if (!row.seen) return;
  const [height, width, own] = row.grid;
  const bytes = atob(row.seen);
  const canvas = make("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.style.width = `${(100 * width) / own}%`;
  const pen = canvas.getContext("2d");
  const plane = pen.createImageData(width, height);
  for (let place = 0; place < width * height; place += 1) {
    plane.data.set([255, 60, 0, 0.8 * bytes.charCodeAt(index * width * height + place)], 4 * place);
  }
  pen.putImageData(plane, 0, 0);
  view.querySelector("canvas")?.remove();
  view.append(canvas);
}

function box(row, element) {
  const label = make("label", "label");
  const input = make("input");
  input.value = labels.get(row.number) ?? row.text;
  input.spellcheck = false;
  input.autocomplete = "off";
  const hint = make("span", "dim");
  const tell = () => {
    element.classList.toggle("labelled", labels.has(row.number));
    hint.textContent = !labels.has(row.number) ? "Enter: it is right" : labels.get(row.number) === row.text ? "right" : "corrected";
    count();
  };
  const keep = () => { labels.set(row.number, input.value.replace(/\s+/g, "")); remember(); tell(); };
  input.addEventListener("change", keep);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { labels.delete(row.number); input.value = row.text; remember(); tell(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    keep();
    element.nextElementSibling?.querySelector("input")?.focus();
  });
  const name = make("span", "dim", "Label");
  label.append(name, input, hint);
  tell();
  return label;
}

function download() {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.filter(isTaken).map((row) => `${cell(row.path)},${cell(labels.get(row.number))}\n`);
  const link = make("a");
  link.href = URL.createObjectURL(new Blob(["file,text\n", ...lines], { type: "text/csv" }));
  link.download = "labels.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

rows.forEach((row, number) => { row.number = number; });
at("search").addEventListener("input", choose);
at("show").addEventListener("change", choose);
at("order").addEventListener("change", choose);
at("bar").addEventListener("submit", (event) => event.preventDefault());
at("download").addEventListener("click", download);
at("before").addEventListener("click", () => { page -= 1; draw(); scrollTo(0, 0); });
at("after").addEventListener("click", () => { page += 1; draw(); scrollTo(0, 0); });
choose();
