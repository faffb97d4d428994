
"use strict";
const files = JSON.parse(document.getElementById("data").textContent);
const body = document.getElementById("files");
const rows = [...body.rows];
const tones = { "fixed and verified": "good", "unchanged": "", "skipped by configuration": "", "advice only": "unsure",
  "fixed, not verified": "unsure", "needs data or a module": "unsure", "timed out": "unsure" };
rows.forEach((row, index) => { row.dataset.tone = tones[row.dataset.state] ?? "bad"; row.file = files[index]; });

const collected = file => [file.name, file.state, file.reason, file.error, ...(file.attempts || []), ...(file.notices || []),
  ...(file.rewrites || []).flatMap(each => [each.code, each.title, each.message]),
  ...(file.findings || []).flatMap(each => [each.code, each.message])].filter(Boolean).join("\n").toLowerCase();
const texts = files.map(collected);
const codes = files.map(file => new Set([...(file.rewrites || []), ...(file.findings || [])].map(each => each.code)));

/* Elements are made one by one, and text is set as text: nothing of a file is ever read as HTML. */
function make(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "text", "path", "polygon", "title"].includes(name);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return element;
}

/* What stands between backticks is code. */
const ticks = line => line.split(/`([^`]+)`/).map((part, index) => index % 2 ? make("code", {}, part) : part);

/* Filters */
const text = document.getElementById("text"), rule = document.getElementById("rule");
const states = [...document.querySelectorAll("button.state")];
function filter() {
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = states.filter(each => each.getAttribute("aria-pressed") === "true").map(each => each.dataset.state);
  let shown = 0;
  for (const row of rows) {
    const index = Number(row.dataset.index);
    const fits = words.every(word => texts[index].includes(word)) && (!rule.value || codes[index].has(rule.value))
      && (!wanted.length || wanted.includes(row.dataset.state));
    row.hidden = !fits;
    if (row.detail) row.detail.hidden = !fits;
    shown += fits;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length} files`;
  document.getElementById("none").hidden = shown > 0;
}
text.addEventListener("input", filter);
rule.addEventListener("change", filter);
for (const button of states) button.addEventListener("click", () => {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  filter();
});
document.getElementById("filter").addEventListener("submit", event => event.preventDefault());

/* Order */
const order = new Intl.Collator("en", { numeric: true });
const keys = {
  name: row => row.file.name, state: row => row.file.state,
  rules: row => [...codes[row.dataset.index]].sort().join(" ") || "\uffff",
  rewrites: row => (row.file.rewrites || []).length, findings: row => (row.file.findings || []).length,
  seconds: row => Number.parseFloat(row.querySelector("td.seconds").textContent) || 0,
};
for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => {
  const head = button.closest("th"), key = keys[button.dataset.sort];
  const down = head.getAttribute("aria-sort") === "ascending"
    || (head.getAttribute("aria-sort") === "none" && ["rewrites", "findings", "seconds"].includes(button.dataset.sort));
  for (const other of head.parentElement.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = new Map(rows.map(row => [row, key(row)]));
  rows.sort((a, b) => {
    const [x, y] = [value.get(a), value.get(b)];
    const found = typeof x === "number" ? x - y : order.compare(x, y);
    return (down ? -found : found) || a.dataset.index - b.dataset.index;
  });
  for (const row of rows) { body.append(row); if (row.detail) body.append(row.detail); }
});

/* Details */
function side(part, kind) {
  if (!part) return [make("span", { class: "number" }), make("span", { class: "empty" })];
  const [number, line, marks = []] = part;
  const shown = make("span", { class: kind });
  let at = 0;
  for (let index = 0; index < marks.length; index += 2) {
    shown.append(line.slice(at, marks[index]), make("mark", {}, line.slice(marks[index], marks[index + 1])));
    at = marks[index + 1];
  }
  shown.append(line.slice(at));
  return [make("span", { class: "number" }, String(number)), shown];
}
/* Marks count characters, and a string of JavaScript counts UTF-16 units. */
const wide = ([number, line, marks]) => [number, line, marks && marks.map(at => [...line].slice(0, at).join("").length)];
function diff(part) {
  const grid = make("div", { class: "diff" });
  for (const [left, right] of part.rows) {
    if (!left && !right) { grid.append(make("span", { class: "gap" }, "⋯")); continue; }
    const same = left && right && left.length === 2;
    grid.append(...side(left && wide(left), same ? "same" : "gone"), ...side(right && wide(right), same ? "same-right" : "come"));
  }
  return [make("h3", {}, part.name), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Diff of ${part.name}` }, grid)];
}
const tone = status => ({ verified: "good", rejected: "bad" })[status] || "unsure";
function rewrites(file) {
  return make("ul", {}, ...file.rewrites.map(each => make("li", {},
    make("b", { class: "code" }, each.code), ` line ${each.line}: `, ...ticks(each.title), " ",
    make("span", { class: tone(each.status) }, each.status + (each.kept || each.status === "not run" ? "" : ", left out")),
    make("small", {}, ...ticks(each.message + (each.reason ? `: ${each.reason}` : ""))))));
}
function evidence(verdict) {
  const parts = [make("p", {}, make("b", { class: tone(verdict.status) }, verdict.status), ...ticks(verdict.reason ? `: ${verdict.reason}` : ""))];
  if (verdict.changes.length) {
    const head = ["Query", "Before", "After", "By tape", "By differences", "Tolerance"];
    const table = make("table", { class: "evidence" },
      make("tr", {}, ...head.map(each => make("th", { scope: "col" }, each))),
      ...verdict.changes.map(each => make("tr", {},
        make("td", {}, `line ${each.line}: ${each.query}`), make("td", {}, each.before),
        make("td", { class: each.good ? "good" : "bad" }, each.after),
        ...(each.unchecked ? [make("td", { colspan: "3" }, `not checked against differences: ${each.unchecked}`)]
          : [each.tape, each.differences, each.tolerance].map(value => make("td", {}, value || ""))))));
    parts.push(make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Evidence" }, table));
  }
  const told = [verdict.more ? `${verdict.more} more sources` : "", ...verdict.still.map(each => `still without a gradient: ${each}`),
    ...verdict.notes, verdict.conditions.join(" · ")];
  parts.push(make("ul", {}, ...told.filter(Boolean).map(each => make("li", {}, make("small", {}, ...ticks(each))))));
  return parts;
}
const clip = (line, most) => [...line].length > most ? [...line].slice(0, most - 1).join("") + "…" : line;
function picture(path) {
  const [width, height] = path.box;
  const svg = make("svg", { width: path.width, height: path.height, role: "img", "aria-label": `The path to ${path.title}` });
  for (const [curve, cut, end] of path.arrows) {
    const [x, y] = path.boxes[end].at, middle = x + width / 2;
    svg.append(make("path", { d: curve, class: cut ? "cut" : "" }),
      make("polygon", { points: `${middle - 5},${y - 8} ${middle + 5},${y - 8} ${middle},${y}`, class: cut ? "cut" : "" }));
  }
  for (const each of path.boxes) {
    const [x, y] = each.at;
    svg.append(make("g", { class: each.kind }, make("title", {}, `${each.title}\n${each.where} ${each.about}`),
      make("rect", { x, y, width, height, rx: 6 }),
      make("text", { x: x + 10, y: y + 19 }, clip(each.title, 32)),
      make("text", { x: x + 10, y: y + 36, class: "small" }, clip([each.where, each.about].filter(Boolean).join("  "), 36))));
  }
  return [make("h3", {}, `${path.title}, line ${path.line}: ${path.outcome}`),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Path to ${path.title}` }, svg),
    path.more ? make("small", {}, `${path.more} more sources are not drawn.`) : null].filter(Boolean);
}
const list = items => make("ul", {}, ...items.map(each => make("li", {}, ...ticks(each))));
function detail(file) {
  const parts = [];
  const add = (title, ...content) => parts.push(make("h2", {}, title), ...content);
  if (file.error) add("Left out", make("p", { class: "bad" }, file.error));
  if (file.diff) add(file.written ? "Written" : "Repair", ...file.diff.flatMap(diff));
  if (file.rewrites) add("Rewrites", rewrites(file));
  if (file.verdict) add("Evidence", ...evidence(file.verdict));
  if (file.findings) add("Left to do", make("ul", {}, ...file.findings.map(each => make("li", {},
    make("b", { class: "code" }, each.code), ` line ${each.line}: `, ...ticks(each.message),
    each.advice ? make("small", {}, ...ticks(each.advice)) : null))));
  if (file.paths) add("Where the gradient went", ...file.paths.flatMap(picture));
  if (file.attempts) add("What the run tried", list(file.attempts));
  if (file.notices) add("Comments", list(file.notices));
  if (!parts.length) parts.push(make("p", {}, file.reason || "There is nothing to repair."));
  return make("tr", { class: "detail" }, make("td", { colspan: "6" }, ...parts));
}
function toggle(row) {
  const open = row.querySelector(".open"), wanted = open.getAttribute("aria-expanded") !== "true";
  open.setAttribute("aria-expanded", String(wanted));
  if (wanted) { row.detail = detail(row.file); row.after(row.detail); } else { row.detail.remove(); row.detail = null; }
}
body.addEventListener("click", event => {
  const row = event.target.closest("tr[data-index]");
  if (row && !String(window.getSelection())) toggle(row);
});

/* Keys: `/` goes to the filter, the arrows from file to file. */
document.addEventListener("keydown", event => {
  if (event.key === "/" && !["INPUT", "SELECT"].includes(document.activeElement.tagName)) { event.preventDefault(); text.focus(); }
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !document.activeElement.matches(".open")) return;
  const shown = rows.filter(row => !row.hidden);
  const at = shown.indexOf(document.activeElement.closest("tr")) + (event.key === "ArrowDown" ? 1 : -1);
  if (shown[at]) { event.preventDefault(); shown[at].querySelector(".open").focus(); }
});
filter();
if (location.hash.startsWith("#file-")) document.getElementById(location.hash.slice(1))?.querySelector(".open").click();
