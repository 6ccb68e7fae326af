/* The grid's client side: cell drawings, cursor and selection by keyboard, loading anew when its filter changed. */
"use strict";
(function () {
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const h = (...given) => window.React.createElement(...given);
  const missing = (props) => !props.data;
  const skeleton = () => h("span", { className: "skeleton", style: { height: 10, width: "60%", display: "inline-block" } });
  cells.Severity = (props) => missing(props) ? skeleton() : props.data.child && props.data.group !== false ? h("span", { className: "sev " + props.data.level }, h("span", { className: "glyph " + props.data.level }), props.data.level_words) : h("span", { className: "sev " + props.data.level }, h("span", { className: "glyph " + props.data.level }), props.data.level_words);
  cells.TwoLines = (props) => missing(props) ? skeleton() : h("div", { className: "two" + (props.data.child ? " child" : ""), title: props.data.title }, h("span", null, props.data.title), h("small", null, props.data.under));
  cells.Strong = (props) => missing(props) ? "" : h("b", null, props.value);
  cells.Mono = (props) => missing(props) ? skeleton() : h("span", { className: "mono", title: props.value }, props.value);
  cells.Quiet = (props) => missing(props) ? "" : h("span", { className: "quiet" }, props.value);
  cells.Hours = (props) => {
    if (missing(props) || !props.value || !props.value.length) return "";
    const top = Math.max(1, ...props.value);
    return h("div", { className: "grid-hours", "aria-hidden": "true" }, props.value.map((count, index) => h("i", { key: index, style: { height: Math.round((count / top) * 100) + "%" } })));
  };

  const yaodun = (window.yaodun = window.yaodun || {});
  const api = () => {
    const box = document.querySelector("[data-grid]");
    if (!box || !window.dash_ag_grid) return null;
    try { return window.dash_ag_grid.getApi({ grid: box.dataset.grid }) || null; } catch { return null; }
  };
  const current = () => new URL(location.href).searchParams.get("sel") || "";
  let cursor = -1, wired = null, seen = {};

  function wire(grid) {
    if (wired === grid) return;
    wired = grid; cursor = -1;
    grid.addEventListener("rowClicked", (event) => { if (event.data && !(event.event.target.closest && event.event.target.closest(".ag-selection-checkbox, input"))) { cursor = event.rowIndex; choose(event.data, true); } });
    grid.addEventListener("selectionChanged", bulk);
    grid.addEventListener("modelUpdated", paint);
    grid.addEventListener("bodyScrollEnd", paint);
    grid.addEventListener("viewportChanged", paint);
  }
  function choose(data, toggle) {
    const to = new URL(location.href);
    to.searchParams.set("sel", data.id); to.searchParams.delete("ev");
    if (data.group && toggle) { if (to.searchParams.get("open") === data.id) to.searchParams.delete("open"); else to.searchParams.set("open", data.id); }
    yaodun.go(to.href, true);
    setTimeout(paint, 0);
  }
  function paint() {
    const grid = api(); if (!grid) return;
    const on = current();
    document.querySelectorAll(".grid .ag-row").forEach((row) => row.classList.toggle("row-on", row.getAttribute("row-id") === on && !!on));
  }
  function bulk() {
    const grid = api(), box = document.getElementById("bulk"); if (!grid || !box) return;
    const rows = grid.getSelectedRows();
    box.hidden = !rows.length;
    const words = document.getElementById("bulk-words");
    words.textContent = words.dataset.words.replace("{rows}", rows.length).replace("{signals}", rows.reduce((sum, row) => sum + (row.signal_count || 0), 0).toLocaleString("en"));
  }
  yaodun.deselect = () => { const grid = api(); if (grid) grid.deselectAll(); };
  yaodun.selected = () => {
    const grid = api(), rows = grid ? grid.getSelectedRows() : [];
    if (rows.length) return rows.map((row) => row.id);
    const pane = document.querySelector(".pane-acts[data-ids]");
    return pane ? [pane.dataset.ids] : current() ? [current()] : [];
  };

  function move(grid, step) {
    const last = grid.getDisplayedRowCount() - 1;
    if (cursor < 0) { const node = current() && grid.getRowNode(current()); cursor = node ? node.rowIndex : step > 0 ? -1 : 0; }
    cursor = Math.max(0, Math.min(last, cursor + step));
    grid.ensureIndexVisible(cursor);
    const node = grid.getDisplayedRowAtIndex(cursor);
    if (node && node.data) choose(node.data, false);
  }
  function under(grid) { const node = cursor >= 0 ? grid.getDisplayedRowAtIndex(cursor) : current() && grid.getRowNode(current()); return node || null; }
  (yaodun.handlers = yaodun.handlers || []).push((key) => {
    const grid = api(); if (!grid) return false;
    if (key === "j" || key === "arrowdown") { move(grid, 1); return true; }
    if (key === "k" || key === "arrowup") { move(grid, -1); return true; }
    const node = under(grid);
    if (key === "x" && node) { node.setSelected(!node.isSelected()); return true; }
    if (key === "enter" && node && node.data) { if (node.data.group) choose(node.data, true); else if (node.data.href) yaodun.go(node.data.href); else choose(node.data, false); return true; }
    if ((key === "i" || key === "o") && node && node.data && node.data.rule) { yaodun.param(key === "i" ? "rule" : "not_rule", node.data.rule); return true; }
    if (key === "escape") { if (grid.getSelectedRows().length) grid.deselectAll(); else if (current()) { const to = new URL(location.href); to.searchParams.delete("sel"); to.searchParams.delete("ev"); yaodun.go(to.href); } return true; }
    return false;
  });

  function atTop() { const view = document.querySelector(".grid .ag-body-viewport"); return !view || view.scrollTop < 4; }
  function check() {
    const box = document.querySelector("[data-grid]"); if (!box) { wired = null; seen = {}; return; }
    const grid = api(); if (!grid) return;
    wire(grid);
    const { grid: name, query, stamp, total } = box.dataset;
    if (seen.name !== name) { seen = { name, query, stamp, total }; paint(); return; }
    if (seen.query !== query) { const opened = strip(seen.query) === strip(query); seen = { name, query, stamp, total }; if (opened) grid.refreshInfiniteCache(); else { cursor = -1; grid.deselectAll(); grid.purgeInfiniteCache(); grid.ensureIndexVisible(0); } fresh(false); return; }
    if (seen.stamp !== stamp) {
      const more = Number(total) > Number(seen.total);
      seen = { name, query, stamp, total };
      if (more && !atTop()) fresh(true); else grid.refreshInfiniteCache();
    }
    paint();
  }
  const strip = (text) => { const at = new URL(text, location.href); at.searchParams.delete("open"); return at.search; };
  function fresh(on) { const button = document.getElementById("fresh"); if (button) button.hidden = !on; }
  document.addEventListener("click", (event) => { if (event.target.id === "fresh") { const grid = api(); fresh(false); if (grid) { grid.purgeInfiniteCache(); grid.ensureIndexVisible(0); } } });
  (yaodun.watchers = yaodun.watchers || []).push(check);
  setInterval(check, 500);
  window.addEventListener("popstate", () => setTimeout(paint, 50));

  /* Dragging over a histogram narrows the time range. */
  let drag = null;
  const box = (event) => event.target.closest && event.target.closest("[data-histogram]");
  document.addEventListener("pointerdown", (event) => { const bars = box(event); if (!bars || event.button) return; const frame = bars.getBoundingClientRect(); drag = { bars, frame, from: event.clientX, mark: bars.appendChild(Object.assign(document.createElement("div"), { className: "picked" })) }; draw(event); });
  function draw(event) { const low = Math.min(drag.from, event.clientX), high = Math.max(drag.from, event.clientX); drag.mark.style.left = low - drag.frame.left + "px"; drag.mark.style.width = high - low + "px"; }
  document.addEventListener("pointermove", (event) => { if (drag) draw(event); });
  document.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { bars, frame, from, mark } = drag; drag = null; mark.remove();
    if (Math.abs(event.clientX - from) < 6) return;
    const [start, end] = bars.dataset.histogram.split("..").map((text) => new Date(text).getTime());
    const at = (x) => new Date(start + Math.max(0, Math.min(1, (x - frame.left) / frame.width)) * (end - start)).toISOString();
    yaodun.param("tr", at(Math.min(from, event.clientX)) + ".." + at(Math.max(from, event.clientX)));
  });
})();
