/* Owns 读一读: reads a part of the page aloud for pupils who do not read yet. No voice, no button. */
(function () {
  "use strict";
  var s = window.speechSynthesis;
  if (!s || !window.SpeechSynthesisUtterance) return;
  document.querySelectorAll("[data-read]").forEach(function (b) {
    b.hidden = false;
    b.addEventListener("click", function () {
      var part = document.getElementById(b.dataset.read), u;
      if (s.speaking) { s.cancel(); return; }
      u = new SpeechSynthesisUtterance(part.innerText);
      u.lang = "zh-CN"; u.rate = 0.85;
      s.speak(u);
    });
  });
})();
