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
      root.querySelectorAll("[data-hours]").forEach(hours);
      root.querySelectorAll("[data-keys]").forEach(keys);
    },
  });
})();
