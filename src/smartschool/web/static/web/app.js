/* Owns the few things HTML cannot do alone: choice marks, dialogs where the browser has none, the note when htmx fails,
   figures that stay on one line with their unit.
   Every page works without it. Baseline: Chromium 86, iOS 13. */
(function () {
  "use strict";
  var d = document;
  function up(el, sel) { return el && el.closest ? el.closest(sel) : null; }
  d.addEventListener("change", function (e) {
    if (!up(e.target, ".choice")) return;
    var scope = up(e.target, "fieldset") || d;
    scope.querySelectorAll(".choice").forEach(function (c) {
      var i = c.querySelector("input");
      if (i) c.classList.toggle("on", i.checked);
    });
  });
  d.addEventListener("click", function (e) {
    var b = up(e.target, "[data-open],[data-close],[data-show],[data-print]"), t;
    d.querySelectorAll("details.menu[open]").forEach(function (m) { if (!m.contains(e.target)) m.open = false; });
    if (!b) return;
    if (b.dataset.open && (t = d.getElementById(b.dataset.open))) {
      if (t.showModal) t.showModal(); else t.setAttribute("open", "");
      e.preventDefault();
    } else if ("close" in b.dataset && (t = up(b, "dialog"))) {
      if (t.close) t.close(); else t.removeAttribute("open");
      e.preventDefault();
    } else if (b.dataset.show && (t = d.getElementById(b.dataset.show))) {
      t.type = t.type === "password" ? "text" : "password";
      b.setAttribute("aria-pressed", String(t.type === "text"));
    } else if ("print" in b.dataset) { window.print(); }
  });
  d.addEventListener("keydown", function (e) {
    if (e.key === "Escape") d.querySelectorAll("details.menu[open]").forEach(function (m) { m.open = false; m.querySelector("summary").focus(); });
  });
  function say(text) {
    var n = d.getElementById("hx-note"), p = d.createElement("div");
    if (!n) return;
    p.className = "note bad"; p.textContent = text;
    n.textContent = ""; n.appendChild(p);
  }
  d.addEventListener("htmx:sendError", function () { say("没有更新，网络断了。你填的还在，连上后再试一次。"); });
  d.addEventListener("htmx:responseError", function (e) {
    var x = e.detail.xhr;
    if (x.status === 401) { location.reload(); return; }
    say(x.getResponseHeader("X-Message") ? decodeURIComponent(x.getResponseHeader("X-Message")) : "没有更新，服务器没有答应（" + x.status + "）。过一会儿再试。");
  });
  d.addEventListener("htmx:beforeSwap", function (e) { if (!e.detail.isError) { var n = d.getElementById("hx-note"); if (n) n.textContent = ""; } });
  d.querySelectorAll("button[data-show]").forEach(function (b) { b.hidden = false; });
  /* An unattended page is asked for again once the session has ended: the answer is the sign-in page. */
  var idle = +d.body.dataset.idle * 1000, seen = Date.now();
  if (idle) {
    ["pointerdown", "keydown", "scroll"].forEach(function (n) { d.addEventListener(n, function () { seen = Date.now(); }, { passive: true }); });
    var t = setInterval(function () { if (Date.now() - seen > idle + 5000) { clearInterval(t); location.reload(); } }, 5000);
  }
  /* "12 所", "第 9 题": no line breaks between a figure and its Chinese neighbour. */
  function hold(root) {
    var w = d.createTreeWalker(root, 4), n;
    while ((n = w.nextNode())) if (n.parentNode.tagName !== "TEXTAREA") n.data = n.data.replace(/([\d%]) (?=[一-鿿])|第 (?=\d)/g, function (x) { return x[0] + "\xa0"; });
  }
  hold(d.body);
  d.addEventListener("htmx:afterSwap", function (e) { hold(e.detail.target); });
  var f = d.querySelector("[data-focus]"); if (f) f.focus();
})();
