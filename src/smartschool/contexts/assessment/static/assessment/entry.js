/* Owns quick entry: taps on 学号, a queue in this browser that outlives the line and the page. Without it the
   plain form works. Chromium 86, iOS 13: no randomUUID, no ?., no ??. */
(function () {
  "use strict";
  var d = document, root = d.getElementById("entry"), D = JSON.parse(root.dataset.state);
  var token = root.querySelector("[name=csrfmiddlewaretoken]").value, save = root.dataset.save;
  var S = { lost: D.lost, done: {}, totals: D.totals, statuses: D.statuses, keyOnly: D.keyOnly, at: 0, dirty: false }, Q = [];
  var I = D.items, P = D.pupils, amount = 0, away = false, last = null, busy = false, digits = "", said = "";
  Object.keys(D.lost).forEach(function (i) { S.done[i] = 1; });
  try { var kept = JSON.parse(localStorage.getItem(D.key) || "null"); if (kept && (kept.q.length || kept.s.dirty)) { S = kept.s; Q = kept.q; } } catch (e) { /* a private window keeps nothing */ }
  function $(id) { return d.getElementById(id); }
  function keep(dirty) { if (dirty) S.dirty = true; try { localStorage.setItem(D.key, JSON.stringify({ s: S, q: Q })); } catch (e) { /* full or private */ } }
  function uuid() {
    var b = crypto.getRandomValues(new Uint8Array(16)), h = "", i;
    b[6] = b[6] & 15 | 64; b[8] = b[8] & 63 | 128;
    for (i = 0; i < 16; i++) h += (b[i] + 256).toString(16).slice(1);
    return h;
  }
  function push(part) { part.id = uuid(); Q.push(part); keep(); flush(); }
  function flush() {
    if (busy || !Q.length) return show();
    busy = true; show();
    fetch(save, { method: "POST", credentials: "same-origin", redirect: "manual", headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token }, body: JSON.stringify(Q[0]) }).then(function (r) {
      busy = false;
      if (r.ok) { Q.shift(); said = ""; keep(); flush(); }
      else if (r.type === "opaqueredirect" || r.status === 401 || r.status === 403) { said = "先登录再传，你录的还在"; show(); }
      else return r.json().then(function (j) { Q.shift(); said = j.title; keep(); show(); });
    }).catch(function () { busy = false; said = "离线"; show(); });
  }
  function show() {
    $("line").textContent = (said ? said + "，" : "") + (Q.length ? Q.length + " 处待传" : S.dirty ? "这题记在这台设备上，录完就传" : said ? "其余已存" : "都已存到服务器");
    $("line").className = "tag " + (Q.length || said ? "warn" : S.dirty ? "info" : "ok");
  }
  function of(i) { return S.lost[i] || {}; }
  function gone(n) { return S.statuses[n]; }
  function sum(n) { var t = 0; I.forEach(function (it, i) { if (S.done[i] || !S.keyOnly) t += it.full - (of(i)[n] || 0); }); return t; }
  function entered() { return Object.keys(S.done).length; }
  function el(tag, cls, text) { var e = d.createElement(tag); if (cls) e.className = cls; if (text !== undefined) e.textContent = text; return e; }
  function tile(n) {
    var b = el("button", "p"), x = of(S.at)[n] || 0, full = I[S.at].full;
    b.type = "button"; b.dataset.n = n;
    b.appendChild(el("b", "", n)); b.appendChild(el("small", "", gone(n) ? "缺考" : x ? "−" + x : "满分"));
    if (gone(n)) b.classList.add("away"); else if (x) { b.classList.add("lost"); if (x >= full) b.classList.add("zero"); }
    if (+digits === n) b.classList.add("picked");
    b.setAttribute("aria-pressed", String(!!(away ? gone(n) : x)));
    return b;
  }
  function draw() {
    var it = I[S.at], strip = $("strip"), lostBy = 0, zero = 0, here = P.filter(function (n) { return !gone(n); });
    strip.textContent = "";
    I.forEach(function (q, i) {
      var li = el("li"), b = el("button", "q" + (S.done[i] ? " done" : ""), "");
      b.type = "button"; b.dataset.i = i;
      b.appendChild(el("b", "", q.label)); b.appendChild(el("small", "", q.full + " 分"));
      b.appendChild(el("span", "vh", i === S.at ? "正在录" : S.done[i] ? "录完" : "没录"));
      if (i === S.at) b.setAttribute("aria-current", "step");
      li.appendChild(b); strip.appendChild(li);
    });
    $("item").textContent = "第 " + it.label + " 题 ";
    $("item").appendChild(el("span", "muted sm", (it.point ? it.point + " · " : "") + it.full + " 分"));
    $("amount").textContent = amount + " 分";
    var box = $("tiles"); box.textContent = "";
    P.forEach(function (n) { var li = el("li"); li.appendChild(tile(n)); box.appendChild(li); var x = of(S.at)[n]; if (x && !gone(n)) { lostBy++; if (x >= it.full) zero++; } });
    $("sum").textContent = lostBy + " 人丢分，其中 " + zero + " 人全丢；" + (here.length - lostBy) + " 人满分";
    $("away").setAttribute("aria-pressed", String(away));
    $("count").textContent = entered() + " / " + I.length;
    $("next").textContent = S.at + 1 < I.length ? "录完这题，到第 " + I[S.at + 1].label + " 题" : "录完这题";
    $("done").hidden = entered() < (S.keyOnly ? 5 : I.length);
    $("key-only").checked = S.keyOnly;
    check(); show();
    var cur = strip.querySelector("[aria-current]"), s = strip.parentNode;
    s.scrollLeft = cur.offsetLeft - s.clientWidth / 2 + cur.offsetWidth / 2;
  }
  function check() {
    $("check").querySelectorAll("tr[data-n]").forEach(function (tr) {
      var n = +tr.dataset.n, t = S.totals[n], now = sum(n), diff = now - t, all = entered() === I.length, c = tr.children;
      c[1].textContent = gone(n) ? "缺考" : now;
      c[3].textContent = gone(n) || t === undefined || S.keyOnly ? "" : !diff ? "已对上" : diff < 0 ? "多扣 " + -diff + " 分" : all ? "少扣 " + diff + " 分" : "还要扣 " + diff + " 分";
      tr.className = !gone(n) && !S.keyOnly && t !== undefined && (diff < 0 || diff > 0 && all) ? "no" : "";
    });
  }
  function send(i) { S.done[i] = 1; S.dirty = false; push({ position: i, lost: of(i) }); }
  function go(i) {
    if (i < 0 || i >= I.length) return;
    if (S.dirty && S.done[S.at]) send(S.at);
    S.at = i; amount = I[i].step; last = null; digits = ""; keep(); draw();
  }
  function tap(n) {
    if (P.indexOf(n) < 0) return;
    if (away) { if (gone(n)) delete S.statuses[n]; else S.statuses[n] = 1; push({ statuses: S.statuses }); return draw(); }
    if (gone(n)) return;
    var x = S.lost[S.at] || (S.lost[S.at] = {});
    last = [S.at, n, x[n] || 0];
    if (x[n] === amount) delete x[n]; else x[n] = amount;
    keep(1); draw();
  }
  function finish() { send(S.at); if (S.at + 1 < I.length) go(S.at + 1); else draw(); }
  function more(by) { amount = Math.min(I[S.at].full, Math.max(.5, amount + by)); if (amount > 1) amount = Math.floor(amount) === amount || by % 1 ? amount : Math.floor(amount); draw(); }
  root.addEventListener("click", function (e) {
    var b = e.target.closest("button"), x;
    if (!b) return;
    if (b.dataset.n) tap(+b.dataset.n);
    else if (b.dataset.i) go(+b.dataset.i);
    else if (b.id === "less") more(amount > 1 ? -1 : -.5);
    else if (b.id === "more") more(amount < 1 ? .5 : 1);
    else if (b.id === "away") { away = !away; draw(); }
    else if (b.id === "all") { x = S.lost[S.at] = {}; P.forEach(function (n) { if (!gone(n)) x[n] = amount; }); last = null; keep(1); draw(); }
    else if (b.id === "undo" && last) { x = S.lost[last[0]]; if (last[2]) x[last[1]] = last[2]; else delete x[last[1]]; last = null; keep(1); draw(); }
    else if (b.id === "next") finish();
    else if (b.id === "prev") go(S.at - 1);
  });
  root.addEventListener("change", function (e) {
    if (e.target.dataset.total) { if (e.target.value === "") delete S.totals[e.target.dataset.total]; else S.totals[e.target.dataset.total] = +e.target.value; push({ totals: S.totals }); check(); }
    else if (e.target.id === "key-only") { S.keyOnly = e.target.checked; push({ keyOnly: S.keyOnly }); draw(); }
  });
  d.addEventListener("keydown", function (e) {
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) || e.ctrlKey || e.metaKey || e.altKey) return;
    if (/^\d$/.test(e.key)) { digits = (digits + e.key).slice(-3); draw(); }
    else if (e.key === "Backspace") { digits = digits.slice(0, -1); draw(); }
    else if (e.key === "Enter" && digits) { e.preventDefault(); var n = +digits; digits = ""; tap(n); }
    else if (e.key === "+" || e.key === "=") more(amount < 1 ? .5 : 1);
    else if (e.key === "-") more(amount > 1 ? -1 : -.5);
    else if (e.key === "ArrowRight") finish();
    else if (e.key === "ArrowLeft") go(S.at - 1);
  });
  root.querySelector("#hand-in").addEventListener("submit", function (e) { if (Q.length) { e.preventDefault(); said = "还没传完，等一下再交"; flush(); } else try { localStorage.removeItem(D.key); } catch (x) { /* nothing kept */ } });
  window.addEventListener("online", flush);
  setInterval(function () { if (Q.length && said !== "先登录再传，你录的还在") flush(); }, 10000);
  d.querySelectorAll("[data-script]").forEach(function (x) { x.hidden = false; });
  d.querySelectorAll("[data-plain]").forEach(function (x) { x.hidden = true; });
  for (var f = S.at; !S.dirty && f < I.length - 1 && S.done[f]; f++);
  S.at = f; amount = I[f].step; draw(); flush();
})();
