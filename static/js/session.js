// Typing keeps the session; five minutes before its end a banner says so. Without this file what was typed survives
// the next sign-in all the same.
(() => {
  "use strict";
  const template = document.getElementById("session-end");
  const place = document.getElementById("session-warning");
  if (!template || !place) return;
  const url = template.dataset.url;
  const WARN_S = 300, TELL_S = 60;
  let endsAt = Date.now() + Number(template.dataset.left) * 1000;
  let typed = false, toldAt = 0;

  const ask = async (method) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
    try {
      const answer = await fetch(url, { method, headers: { "X-CSRFToken": token } });
      if (answer.ok) endsAt = Date.now() + (await answer.json()).left_s * 1000;
    } catch { /* the next tick asks again */ }
  };
  const show = (soon) => {
    if (!soon) place.replaceChildren();
    else if (!place.firstElementChild) {
      place.append(template.content.cloneNode(true));
      place.querySelector("button").addEventListener("click", async () => { await ask("POST"); tick(); });
    }
  };
  const tick = async () => {
    if (typed && Date.now() - toldAt > TELL_S * 1000) {
      typed = false;
      toldAt = Date.now();
      await ask("POST");
    } else if (endsAt - Date.now() <= WARN_S * 1000) await ask("GET");  // another tab may have been active
    show(endsAt - Date.now() <= WARN_S * 1000);
  };
  document.addEventListener("input", () => { typed = true; });
  setInterval(tick, 15000);
  tick();
})();
