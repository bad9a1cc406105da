/* Owns the two-way table's editor: sum while typing, Enter goes down, knowledge points offered as one types. */
(function () {
  "use strict";
  var d = document, form = d.getElementById("blueprint"), list = d.getElementById("points-list"), timer;
  function sum() {
    var t = 0;
    form.querySelectorAll("[name^=full-]").forEach(function (i) { t += parseFloat(i.value) || 0; });
    var want = parseFloat(form.full_score.value) || 0, out = d.getElementById("total");
    t = Math.round(t * 100) / 100;
    out.textContent = "各题合计 " + t + (t === want ? " 分，和试卷满分一致" : " 分，和试卷满分差 " + Math.abs(want - t) + " 分");
    out.className = t === want ? "c-ok b" : "c-bad b";
  }
  form.addEventListener("input", function (e) {
    var i = e.target;
    sum();
    if (!/^points-/.test(i.name)) return;
    clearTimeout(timer);
    timer = setTimeout(function () {
      var cut = Math.max(i.value.lastIndexOf("；"), i.value.lastIndexOf(";")) + 1, head = i.value.slice(0, cut), q = i.value.slice(cut).trim();
      if (!q) return;
      fetch(form.dataset.points + "?q=" + encodeURIComponent(q), { credentials: "same-origin" }).then(function (r) { return r.json(); }).then(function (j) {
        list.textContent = "";
        j.points.forEach(function (p) { var o = d.createElement("option"); o.value = head + p[0]; o.label = p[1]; list.appendChild(o); });
      }).catch(function () { /* offline: typing a code still works */ });
    }, 250);
  });
  form.addEventListener("keydown", function (e) {
    var m = /^(\w+)-(\d+)$/.exec(e.target.name || ""), next;
    if (!m || e.target.tagName === "SELECT") return;
    if (e.key === "Enter" || e.key === "ArrowDown") next = form.elements[m[1] + "-" + (+m[2] + 1)];
    else if (e.key === "ArrowUp") next = form.elements[m[1] + "-" + (m[2] - 1)];
    else return;
    if (m[1] === "points" && e.key !== "Enter") return;
    e.preventDefault();
    if (next) { next.focus(); if (next.select) next.select(); }
  });
  sum();
})();
