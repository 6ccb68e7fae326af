/* The frame's client side: addresses without reload, commands, keys, dialogs, notices, live state. */
"use strict";
(function () {
  const HOME = "/ui";
  const $ = (selector, root) => (root || document).querySelector(selector);
  const $$ = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const set = (id, props) => window.dash_clientside && window.dash_clientside.set_props(id, props);

  /* ---- addresses ---- */
  function needsGrid(path) {
    return /^\/ui\/(alerts|hunt|audit)/.test(path) && !window.dash_ag_grid;
  }
  function go(href, replace) {
    const target = new URL(href, location.href);
    if (target.origin !== location.origin) return;
    if (!target.pathname.startsWith(HOME) || target.pathname.startsWith(HOME + "/sign-in") || needsGrid(target.pathname)) {
      location.assign(target.href);
      return;
    }
    if (target.href === location.href) return;
    history[replace ? "replaceState" : "pushState"]({}, "", target.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate", { detail: target.href }));
    if (target.pathname !== here.pathname) { const main = $(".main"); if (main) main.scrollTop = 0; }
    here = new URL(location.href);
  }
  let here = new URL(location.href);
  window.addEventListener("popstate", () => { here = new URL(location.href); });
  function param(name, value, replace) {
    const target = new URL(location.href);
    if (value === null || value === undefined || value === "") target.searchParams.delete(name);
    else target.searchParams.set(name, value);
    go(target.href, replace);
  }
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest && event.target.closest("a[href]");
    if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || anchor.target || anchor.hasAttribute("download")) return;
    const href = anchor.getAttribute("href");
    if (!href.startsWith(HOME)) return;
    event.preventDefault();
    closeMenus();
    go(href);
  });

  /* ---- commands ---- */
  const parse = (text) => { try { return JSON.parse(text || "{}"); } catch { return {}; } };
  function command(name, args) {
    set("command", { data: { name: name, args: args || {}, at: Date.now() } });
  }
  function resolved(element) {
    const args = parse(element.dataset.args);
    if ("ids" in args && args.ids === "selected") args.ids = yaodun.selected();
    return args;
  }
  document.addEventListener("click", (event) => {
    const target = event.target.closest && event.target.closest("[data-command],[data-open],[data-again],[data-close],[data-copy],[data-language],[data-theme-switch],[data-sign-out],[data-param],[data-copy-address]");
    if (!target || target.disabled || target.tagName === "FORM") return;
    if (target.dataset.command) { command(target.dataset.command, resolved(target)); const notice = target.closest(".notice"); if (notice) notice.hidden = true; }
    else if (target.dataset.open) openDialog(target.dataset.open);
    else if (target.dataset.again) set("again", { data: { topics: ["part:" + target.dataset.again], at: Date.now() } });
    else if (target.dataset.close) { const box = target.closest("dialog"); if (box) box.close(); }
    else if (target.dataset.copyAddress) { navigator.clipboard && navigator.clipboard.writeText(new URL(target.dataset.copyAddress, location.href).href); }
    else if (target.dataset.copy) { navigator.clipboard && navigator.clipboard.writeText(target.dataset.copy); }
    else if (target.dataset.language) { const to = new URL(location.href); to.searchParams.set("lang", target.dataset.language); location.assign(to.href); }
    else if (target.dataset.themeSwitch) switchTheme();
    else if (target.dataset.signOut) signOut();
    else if (target.dataset.param) { const [name, value] = target.dataset.param.split("="); param(name, value); }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset) return;
    const values = formValues(form);
    if (form.dataset.api) {
      event.preventDefault();
      fetch(form.dataset.api, { method: "POST", headers: { "content-type": "application/json", "x-yaodun": "1" }, body: JSON.stringify(values) })
        .then(async (answer) => { const problem = answer.ok ? {} : await answer.json().catch(() => ({})); say(answer.ok ? form.dataset.done : problem.detail || form.dataset.failed, !answer.ok); if (answer.ok) form.reset(); })
        .catch(() => say(form.dataset.failed, true));
    } else if (form.dataset.command) {
      event.preventDefault();
      const args = Object.assign(resolved(form), values);
      command(form.dataset.command, args);
      const box = form.closest("dialog"); if (box) box.close();
      if (form.dataset.keep === undefined) form.reset();
    } else if (form.dataset.goto) {
      event.preventDefault();
      const to = new URL(form.dataset.goto, location.href);
      Object.entries(values).forEach(([name, value]) => { if (value) to.searchParams.set(name, value); });
      go(to.href);
    } else if (form.dataset.refine !== undefined) {
      event.preventDefault();
      const to = new URL(location.href);
      to.searchParams.delete("sel");
      Object.entries(values).forEach(([name, value]) => { if (value && value.length) to.searchParams.set(name, value); else to.searchParams.delete(name); });
      go(to.href);
    } else if (form.dataset.ownRange) {
      event.preventDefault();
      const at = (name) => { const field = $(`[name=${name}]`, form); return field && field.value ? new Date(field.value).toISOString() : ""; };
      if (at("from") && at("to")) { closeMenus(); param("tr", at("from") + ".." + at("to")); }
    }
  });
  function formValues(form) {
    const values = {};
    $$("input,select,textarea", form).forEach((field) => {
      if (!field.name) return;
      if (field.type === "checkbox") { if (field.checked) (values[field.name] = values[field.name] || []).push(field.value); }
      else if (field.type === "radio") { if (field.checked) values[field.name] = field.value; }
      else values[field.name] = field.value;
    });
    return values;
  }

  /* Native controls Dash has no element for: made from a placeholder. */
  function furnish(root) {
    $$("[data-datetime]:empty,[data-check]:empty,[data-radio]:empty,[data-input]:empty", root).forEach((place) => {
      const input = document.createElement("input");
      if (place.dataset.datetime) { input.type = "datetime-local"; input.name = place.dataset.datetime; input.className = "field"; input.required = place.dataset.optional === undefined; }
      else if (place.dataset.input) { const made = parse(place.dataset.input); Object.assign(input, made); input.className = "field"; }
      else {
        const made = parse(place.dataset.check || place.dataset.radio);
        input.type = place.dataset.check ? "checkbox" : "radio";
        input.name = made.name; input.value = made.value; input.checked = !!made.checked; input.required = !!made.required;
        if (made.param) input.addEventListener("change", () => toggleParam(made, input.checked));
        if (made.label) input.setAttribute("aria-label", made.label);
      }
      place.appendChild(input);
    });
    $$("[data-check] > input", root).forEach((input) => {
      const made = parse(input.parentElement.dataset.check);
      if (made.param && input.checked !== !!made.checked) input.checked = !!made.checked;
    });
  }
  function toggleParam(made, on) {
    const to = new URL(location.href);
    const given = to.searchParams.get(made.param);
    const values = new Set((given === null ? made.default || "" : given).split(",").filter((value) => value && value !== made.any));
    if (on) values.add(made.value); else values.delete(made.value);
    const joined = Array.from(values).join(",") || (made.default ? made.any : "");
    if (joined && joined !== made.default) to.searchParams.set(made.param, joined); else to.searchParams.delete(made.param);
    to.searchParams.delete("sel");
    go(to.href);
  }

  /* ---- menus, dialogs, notices ---- */
  function closeMenus(except) { $$("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; }); }
  document.addEventListener("click", (event) => { const menu = event.target.closest && event.target.closest("details.menu"); closeMenus(menu); });
  function openDialog(name) {
    const box = document.getElementById("dialog-" + name);
    if (!box || box.open) return;
    if (yaodun.draw) yaodun.draw(box);
    box.showModal();
    const first = $("input:not([type=hidden]),select,textarea", box); if (first) first.focus();
  }
  function fade(root) {
    $$("[data-whole-address]:not([data-whole])", root).forEach((place) => { place.dataset.whole = "1"; place.textContent = new URL(place.dataset.wholeAddress, location.href).href; });
    $$("[data-fades]:not([data-fading])", root).forEach((notice) => {
      notice.dataset.fading = "1";
      if (notice.dataset.deselect && yaodun.deselect) yaodun.deselect();
      setTimeout(() => { notice.hidden = true; }, Number(notice.dataset.fades) * 1000);
    });
    $$("[data-show-dialog]:not([data-shown])", root).forEach((box) => { box.dataset.shown = "1"; if (box.showModal && !box.open) box.showModal(); });
  }
  function say(words, bad) {
    const notice = document.createElement("div");
    notice.className = bad ? "notice bad" : "notice"; notice.setAttribute("role", bad ? "alert" : "status"); notice.dataset.fades = "10";
    notice.append(Object.assign(document.createElement("span"), { className: bad ? "glyph bad" : "glyph ok" }), words);
    const place = document.getElementById("said"); if (place) { place.replaceChildren(notice); fade(place); }
  }
  function switchTheme() {
    const to = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = to;
    document.documentElement.dataset.agThemeMode = to;
    document.cookie = `yaodun_theme=${to}; Path=/; Max-Age=31536000; SameSite=Lax`;
    $$("[data-theme-switch] .icon").forEach((drawing) => { drawing.className = "icon i-" + (to === "dark" ? "sun" : "moon"); });
  }
  async function signOut() {
    await fetch("/api/v1/session", { method: "DELETE", headers: { "x-yaodun": "1" } });
    location.assign("/ui/sign-in");
  }

  /* ---- keys: printed on their buttons, silent while typing ---- */
  const typing = (element) => element && (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && !/^(checkbox|radio)$/.test(element.type) || element.isContentEditable);
  const GO = { o: "/", a: "/alerts", i: "/incidents", w: "/work", p: "/inspections", h: "/hosts", s: "/hunt", e: "/health", u: "/users", l: "/audit" };
  let leading = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") { closeMenus(); if (typing(document.activeElement)) { document.activeElement.blur(); return; } if (!$("dialog[open]")) yaodun.key("escape"); return; }
    if (typing(event.target) || $("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (leading && Date.now() - leading < 1200 && GO[key]) { leading = 0; event.preventDefault(); go(HOME + GO[key]); return; }
    leading = key === "g" ? Date.now() : 0;
    if (key === "/") { event.preventDefault(); const box = $("#page [data-search] input") || $(".find input"); if (box) { box.focus(); box.select(); } return; }
    if (key === "?") { openDialog("keys"); return; }
    if (yaodun.key(key, event)) { event.preventDefault(); return; }
    const buttons = $$(`[data-key="${key}"]`).filter((button) => button.offsetParent !== null && !button.disabled && button.style.display !== "none");
    if (buttons.length) { event.preventDefault(); buttons[buttons.length - 1].click(); }
  });

  /* ---- live ---- */
  let last = 0;
  function late() {
    const box = document.getElementById("live"); if (!box || !last) return;
    const off = Date.now() - last > 10000;
    box.classList.toggle("late", off);
    const words = document.getElementById("live-words"); if (words) words.textContent = off ? box.dataset.off : box.dataset.on;
  }
  setInterval(late, 1000);

  const yaodun = (window.yaodun = Object.assign({ handlers: [], watchers: [], selected: () => [] }, window.yaodun || {}, { go, param, command, furnish, openDialog, typing, say }));
  yaodun.key = (key, event) => yaodun.handlers.some((handler) => handler(key, event));
  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    yaodun: {
      go: (href) => { if (href) go(href); return window.dash_clientside.no_update; },
      beat: (data) => { last = Date.now(); late(); return data ? data.at : ""; },
    },
  });

  const look = new MutationObserver((changes) => {
    // A drawing whose data came new in the same element is drawn anew too.
    for (const change of changes) if (change.type === "attributes") settle(change.target.parentElement);
    else for (const node of change.addedNodes) if (node.nodeType === 1) { settle(node.parentElement || node); break; }
    yaodun.watchers.forEach((watcher) => watcher());
  });
  function settle(root) { furnish(root); fade(root); if (yaodun.draw) yaodun.draw(root); }
  document.addEventListener("DOMContentLoaded", () => { look.observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-spark", "data-hours", "data-trend"] }); settle(document.body); });
})();
