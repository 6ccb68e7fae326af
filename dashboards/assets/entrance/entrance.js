/* Sign-in and one-time links. */
"use strict";
(function () {
  const main = document.querySelector("main"), words = main.dataset, home = words.home;
  const $ = (selector) => document.querySelector(selector);
  const field = (name) => $(`[name="${name}"]`);
  async function ask(method, path, body) {
    const answer = await fetch(path, { method, credentials: "same-origin", headers: { "content-type": "application/json", "x-yaodun": "1" }, body: body === undefined ? undefined : JSON.stringify(body) });
    let document_ = null;
    try { document_ = await answer.json(); } catch { document_ = null; }
    return { ok: answer.ok, status: answer.status, document: document_ || {} };
  }
  function say(text) { const line = $("form [role=alert]"); line.textContent = text; line.hidden = !text; }
  function next() {
    const wanted = new URLSearchParams(location.search).get("next") || "";
    return /^\/ui(\/|$)/.test(wanted) && !wanted.startsWith("/ui/sign-in") ? wanted : home;
  }
  function busy(form, on) { form.querySelector("button").disabled = on; }

  const signIn = $("#sign-in");
  if (signIn) {
    ask("GET", "/api/v1/session").then((found) => { if (found.document.first_start) $("#first-start").hidden = false; }).catch(() => {});
    signIn.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field("name").value.trim()) { say(words.needName); field("name").focus(); return; }
      if (!field("password").value) { say(words.needPassword); field("password").focus(); return; }
      busy(signIn, true); say("");
      try {
        const done = await ask("POST", "/api/v1/session", { name: field("name").value.trim(), password: field("password").value, code: field("code").value.trim() });
        if (done.ok) { location.assign(next()); return; }
        if (done.document.code === "trust.sign_in.code_needed") { field("code").parentElement.hidden = false; field("code").focus(); }
        say(done.document.detail || words.failed);
      } catch { say(words.failed); }
      busy(signIn, false);
    });
  }

  const corner = $("#by-certificate");
  if (corner) {
    let challenge = null;
    const line = corner.querySelector("[role=alert]");
    const tell = (text) => { line.textContent = text; line.hidden = !text; };
    const fresh = async () => {
      const made = await ask("POST", "/api/v1/session/challenge", {});
      challenge = made.ok ? made.document.id : null; $("#challenge").value = made.ok ? made.document.text : "";
      if (!made.ok) tell(made.document.detail || words.failed);
    };
    corner.addEventListener("toggle", () => { if (corner.open && !challenge) fresh().catch(() => tell(words.failed)); });
    const send = async (path, body) => {
      tell("");
      try {
        const done = await ask("POST", path, body);
        if (done.ok) { location.assign(next()); return; }
        tell(done.document.detail || words.failed);
      } catch { tell(words.failed); }
    };
    $("#of-connection").addEventListener("click", () => send("/api/v1/session/proxy", {}));
    $("#answer").addEventListener("submit", async (event) => {
      event.preventDefault();
      await send("/api/v1/session/certificate", { challenge: challenge || "", signature: corner.querySelector("[name=signature]").value, certificate: corner.querySelector("[name=certificate]").value });
      await fresh().catch(() => {});
    });
  }

  const welcome = $("#welcome");
  if (welcome) {
    const secret = location.hash.slice(1);
    const purposes = { first_start: words.forFirst, invite: words.forInvite, reset: words.forReset };
    if (!secret) { say(words.linkMissing); busy(welcome, true); }
    else ask("POST", "/api/v1/link/inspect", { link: secret }).then((found) => {
      if (!found.ok) { say(found.document.detail || words.failed); busy(welcome, true); return; }
      $("#about").textContent = purposes[found.document.purpose] || "";
      if (found.document.name) { field("name").value = found.document.name; field("name").readOnly = true; field("display").parentElement.hidden = true; }
    }).catch(() => say(words.failed));
    welcome.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field("name").value.trim()) { say(words.needName); return; }
      if (field("password").value !== field("again").value) { say(words.differ); field("again").focus(); return; }
      busy(welcome, true); say("");
      try {
        const name = field("name").readOnly ? "" : field("name").value.trim();
        const done = await ask("POST", "/api/v1/link/redeem", { link: secret, name, display: field("display").value.trim(), password: field("password").value });
        if (done.ok) { finished(done.document.links || []); return; }
        say(done.document.detail || words.failed);
      } catch { say(words.failed); }
      busy(welcome, false);
    });
  }
  function finished(links) {
    history.replaceState(null, "", location.pathname + location.search);
    if (!links.length) { location.assign(home + "sign-in"); return; }
    welcome.hidden = true; $("#about").hidden = true;
    const list = $("#links ol");
    links.forEach((link) => {
      const item = document.createElement("li"), who = document.createElement("b"), where = document.createElement("code"), until = document.createElement("span"), copy = document.createElement("button");
      const whole = new URL(link.path, location.href).href;
      who.textContent = words["role" + link.person.replace(/(^|_)(.)/g, (_, __, char) => char.toUpperCase())] || link.person; where.textContent = whole; where.className = "raw"; copy.textContent = words.copy; copy.className = "button small"; copy.type = "button";
      until.className = "quiet"; until.textContent = words.validUntil.replace("{time}", new Date(link.expires).toLocaleString(document.documentElement.lang));
      copy.addEventListener("click", () => navigator.clipboard && navigator.clipboard.writeText(whole));
      item.append(who, " ", until, where, copy); list.append(item);
    });
    $("#links").hidden = false;
  }
  document.querySelectorAll("[data-keep-hash]").forEach((anchor) => { const to = new URL(anchor.href); const at = new URL(location.href); at.searchParams.set("lang", to.searchParams.get("lang")); anchor.href = at.href; });
})();
