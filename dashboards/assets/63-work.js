/* Work's client side: the graph of an incident from data attributes, and files sent to the API as evidence. */
"use strict";
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const made = (name, attributes, words) => {
    const element = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    if (words !== undefined) element.textContent = words;
    return element;
  };
  const short = (words, most) => (words.length > most ? words.slice(0, most - 1) + "…" : words);

  function graph(box) {
    const width = box.clientWidth, height = box.clientHeight, text = box.dataset.graph;
    if (!width || !height || box.drawn === text + width + "x" + height) return;
    box.drawn = text + width + "x" + height;
    const { nodes, edges } = JSON.parse(text), radius = nodes.length > 8 ? 10 : 13;
    const most = Math.max(...["clue", "asset", "system"].map((column) => nodes.filter((node) => node.id.startsWith(column + ":")).length));
    const roomy = (height - 56) / most > 66;
    const at = {};
    nodes.forEach((node) => { at[node.id] = { x: (node.x / 100) * width, y: 20 + (node.y / 100) * (height - 56) }; });
    const svg = made("svg", { viewBox: `0 0 ${width} ${height}`, focusable: "false" });
    const tips = svg.appendChild(made("defs", {}));
    ["", "critical", "high"].forEach((level) => {
      const tip = tips.appendChild(made("marker", { id: "tip-" + (level || "plain"), viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }));
      tip.appendChild(made("path", { d: "M0 0 8 4 0 8z", fill: `var(--${level ? level + "-fill" : "line2"})` }));
    });
    edges.forEach((edge) => {
      const a = at[edge.from], b = at[edge.to]; if (!a || !b) return;
      const length = Math.hypot(b.x - a.x, b.y - a.y) || 1, ux = (b.x - a.x) / length, uy = (b.y - a.y) / length;
      const level = edge.level === "critical" || edge.level === "high" ? edge.level : "";
      svg.appendChild(made("line", { class: level, x1: a.x + ux * radius, y1: a.y + uy * radius, x2: b.x - ux * (radius + 2), y2: b.y - uy * (radius + 2), "marker-end": `url(#tip-${level || "plain"})` }));
    });
    if (edges.length <= 6) edges.forEach((edge) => {
      const a = at[edge.from], b = at[edge.to]; if (!a || !b) return;
      const label = svg.appendChild(made("text", { class: "edge", x: a.x + (b.x - a.x) * 0.42, y: a.y + (b.y - a.y) * 0.42 - 4 }, short(edge.words, 14)));
      label.appendChild(made("title", {}, edge.words));
    });
    nodes.forEach((node) => {
      const place = at[node.id], anchor = svg.appendChild(made("a", { href: node.href, class: node.level, tabindex: 0 }));
      anchor.appendChild(made("title", {}, node.kind + " " + node.words));
      anchor.appendChild(made("circle", { cx: place.x, cy: place.y, r: radius }));
      if (roomy) anchor.appendChild(made("text", { class: "kind", x: place.x, y: place.y - radius - 5 }, node.kind));
      anchor.appendChild(made("text", { x: place.x, y: place.y + radius + 13 }, short(node.words, Math.max(8, Math.floor(width / 26)))));
    });
    box.replaceChildren(svg);
  }

  function upload(place) {
    if (place.firstChild) return;
    const input = place.appendChild(document.createElement("input"));
    input.type = "file"; input.multiple = true;
    input.setAttribute("aria-label", place.parentElement.textContent);
    input.addEventListener("change", () => send(place, Array.from(input.files)).finally(() => { input.value = ""; }));
  }
  async function send(place, files) {
    for (const file of files) {
      try {
        const answer = await fetch(place.dataset.upload + "?name=" + encodeURIComponent(file.name), { method: "POST", headers: { "content-type": file.type || "application/octet-stream", "x-yaodun": "1" }, body: file });
        const told = await answer.json().catch(() => ({}));
        window.yaodun.say(answer.ok ? place.dataset.done : told.detail || place.dataset.failed, !answer.ok);
        if (answer.ok && place.dataset.then) window.yaodun.command(place.dataset.then, Object.assign(JSON.parse(place.dataset.args || "{}"), { file: told.sha256, name: file.name }));
      } catch { window.yaodun.say(place.dataset.failed, true); }
    }
    if (place.dataset.topic) window.dash_clientside.set_props("again", { data: { topics: [place.dataset.topic], at: Date.now() } });
  }

  const yaodun = (window.yaodun = window.yaodun || {});
  const before = yaodun.draw;
  yaodun.draw = (root) => {
    if (before) before(root);
    root.querySelectorAll("[data-graph]").forEach(graph);
    root.querySelectorAll("[data-upload]").forEach(upload);
  };
  window.addEventListener("resize", () => document.querySelectorAll("[data-graph]").forEach(graph));
})();
