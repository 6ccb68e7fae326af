/* Small drawings from data attributes: the line over its band, cells of hours, the keys. */
"use strict";
(function () {
  const SVG = "http://www.w3.org/2000/svg";
  const made = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    return element;
  };
  function spark(box) {
    const text = box.dataset.spark;
    if (box.drawn === text) return;
    box.drawn = text;
    const { v, b, a } = JSON.parse(text);
    const known = v.filter((value) => value !== null);
    const all = known.concat(b.filter((value) => value !== null), a.flat());
    const width = box.clientWidth || 80, height = box.clientHeight || 30, pad = 3;
    let low = Math.min(...all), high = Math.max(...all);
    if (high - low < 1e-9) { low -= 1; high += 1; }
    const x = (index) => pad + (index / Math.max(1, v.length - 1)) * (width - 2 * pad);
    const y = (value) => height - pad - ((value - low) / (high - low)) * (height - 2 * pad);
    const svg = made("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", focusable: "false" });
    if (a.length > 1) {
      const up = a.map((pair, index) => `${x(index)},${y(pair[1])}`), down = a.map((pair, index) => `${x(index)},${y(pair[0])}`).reverse();
      svg.appendChild(made("polygon", { class: "area", points: up.concat(down).join(" ") }));
    } else if (b[0] !== null && b[1] !== null) {
      svg.appendChild(made("rect", { class: "area", x: pad, width: width - 2 * pad, y: y(b[1]), height: Math.max(1, y(b[0]) - y(b[1])) }));
    }
    const first = v.findIndex((value) => value !== null);
    if (first > 0) svg.appendChild(made("line", { class: "unlearned", x1: pad, x2: x(first), y1: y(v[first]), y2: y(v[first]) }));
    let path = "", gap = true, end = null;
    v.forEach((value, index) => {
      if (value === null) { gap = true; return; }
      path += `${gap ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      gap = false; end = [x(index), y(value)];
    });
    svg.appendChild(made("path", { class: "line", d: path, "vector-effect": "non-scaling-stroke" }));
    if (end) svg.appendChild(made("circle", { cx: end[0], cy: end[1], r: 2.2 }));
    box.replaceChildren(svg);
  }
  /** Past and forecast on one axis: bands, grades, the line, and where now is; labels are text beside the drawing. */
  function trend(box) {
    const text = box.dataset.trend;
    if (box.drawn === text) return;
    box.drawn = text;
    const data = JSON.parse(text), past = data.v, many = past.length + data.mean.length;
    const known = past.filter((value) => value !== null).concat(data.low95, data.high95);
    let low = Math.max(0, Math.floor((Math.min(...known) - 2) / 5) * 5), high = Math.min(100, Math.ceil((Math.max(...known) + 2) / 5) * 5);
    if (high - low < 10) { low = Math.max(0, high - 10); high = low + 10; }
    const x = (index) => (index / (many - 1)) * 1000, y = (value) => 100 - ((value - low) / (high - low)) * 100;
    const line = (values, start) => {
      let path = "", gap = true;
      values.forEach((value, index) => {
        if (value !== null) path += `${gap ? "M" : "L"}${x(start + index).toFixed(1)} ${y(value).toFixed(2)}`;
        gap = value === null;
      });
      return path;
    };
    const band = (lows, highs, name) => {
      const at = (value, index) => `${x(past.length + index).toFixed(1)},${y(value).toFixed(2)}`;
      return made("polygon", { class: name, points: highs.map(at).concat(lows.map(at).reverse()).join(" ") });
    };
    const svg = made("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", focusable: "false", "aria-hidden": "true" });
    const marks = data.marks.filter((mark) => mark > low && mark < high);
    marks.forEach((mark) => svg.append(made("line", { class: "grade", x1: 0, x2: 1000, y1: y(mark), y2: y(mark), "vector-effect": "non-scaling-stroke" })));
    svg.append(band(data.low95, data.high95, "area"), band(data.low80, data.high80, "area inner"));
    svg.append(made("line", { class: "now", x1: x(past.length - 0.5), x2: x(past.length - 0.5), y1: 0, y2: 100, "vector-effect": "non-scaling-stroke" }));
    svg.append(made("path", { class: "line", d: line(past, 0), "vector-effect": "non-scaling-stroke" }));
    svg.append(made("path", { class: "line mean", d: line(data.mean, past.length), "vector-effect": "non-scaling-stroke" }));
    const label = (value) => { const word = plain("span", "axis", String(value)); word.style.top = `${y(value)}%`; return word; };
    box.replaceChildren(svg, ...[low, high, ...marks].map(label));
  }
  const plain = (name, className, ...inner) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...inner);
    return element;
  };
  /** Draws a box anew where the text of its data attribute is not the one drawn. */
  const drawn = (name, draw) => (box) => {
    const text = box.dataset[name];
    if (box.drawn === text) return;
    box.drawn = text;
    box.replaceChildren(...JSON.parse(text).map(draw));
  };
  const hours = drawn("hours", (count) => plain("i", count === null ? "none" : count ? "" : "zero"));
  const keys = drawn("keys", ([names, words]) => plain("div", "", plain("span", "keys-of", ...names.map((name) => plain("kbd", "", name))), words));
  window.yaodun = Object.assign(window.yaodun || {}, {
    draw: (root) => {
      root.querySelectorAll("[data-spark]").forEach(spark);
      root.querySelectorAll("[data-trend]").forEach(trend);
      root.querySelectorAll("[data-hours]").forEach(hours);
      root.querySelectorAll("[data-keys]").forEach(keys);
    },
  });
})();
