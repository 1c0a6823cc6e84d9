// Comfort only: every page works without this file.
(() => {
  "use strict";
  const live = document.getElementById("live");
  const say = (sentence) => { if (live && sentence) live.textContent = sentence; };
  const focusOn = (element) => {
    if (!element) return;
    if (element.tabIndex < 0) element.tabIndex = -1;
    element.focus();
  };

  // A page that came back with problems starts at their summary.
  focusOn(document.querySelector(".errsum"));

  // The phone's menu is a <details>: Escape and a click elsewhere close it.
  const menu = document.querySelector("details.menu");
  if (menu) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
    });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  }

  // Filters come open; on a phone they fold, unless one is in use (data-active).
  const narrow = window.matchMedia("(max-width: 860px)");
  const fold = () => document.querySelectorAll("details.filters-box").forEach((box) => {
    box.open = !narrow.matches || box.hasAttribute("data-active");
  });
  narrow.addEventListener("change", fold);
  fold();

  // Formsets: <div data-formset="prefix"> with [data-rows], <template> and a hidden [data-add] button.
  document.querySelectorAll("[data-formset]").forEach((set) => {
    const total = set.querySelector(`[name="${set.dataset.formset}-TOTAL_FORMS"]`);
    const rows = set.querySelector("[data-rows]");
    const blank = set.querySelector("template");
    const add = set.querySelector("[data-add]");
    if (!total || !rows || !blank || !add) return;
    add.hidden = false;
    add.addEventListener("click", () => {
      const number = Number(total.value);
      rows.insertAdjacentHTML("beforeend", blank.innerHTML.replaceAll("__prefix__", number).replaceAll("__line__", number + 1));
      total.value = number + 1;
      rows.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
      say(add.dataset.said);
    });
  });

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // Changing the language keeps what was typed, but for secrets and files. It is read back once, on this address only.
  const KEPT = "typed:" + location.pathname;
  const controls = () => [...document.querySelectorAll("main form")].flatMap((form, number) =>
    [...form.elements].filter((control) => control.name && !["hidden", "password", "file", "submit", "button"].includes(control.type))
      .map((control, place) => [`${number}.${place}.${control.name}`, control]));
  try {
    document.querySelector("[data-keep-typed]")?.addEventListener("submit", () => {
      sessionStorage.setItem(KEPT, JSON.stringify(controls().map(([key, control]) =>
        [key, ["checkbox", "radio"].includes(control.type) ? control.checked : control.value])));
    });
    const kept = new Map(JSON.parse(sessionStorage.getItem(KEPT) || "[]"));
    sessionStorage.removeItem(KEPT);
    if (kept.size) controls().forEach(([key, control]) => {
      if (!kept.has(key)) return;
      if (["checkbox", "radio"].includes(control.type)) control.checked = kept.get(key);
      else control.value = kept.get(key);
    });
  } catch { /* a browser that stores nothing loses only this comfort */ }

  // htmx: the target says that it is busy, focus survives the swap, one sentence is announced,
  // a refused form is shown in place, and a failure leaves everything that was typed.
  const REFUSED = [400, 409, 412, 422];
  let focused = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    focused = document.activeElement?.id || "";
    event.detail.target?.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => event.detail.target?.removeAttribute("aria-busy"));
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (REFUSED.includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    document.querySelectorAll(".not-saved").forEach((banner) => banner.remove());
    const region = event.detail.elt;
    const problems = region.querySelector?.(".errsum");
    if (problems) focusOn(problems);
    else if (document.activeElement === document.body) focusOn(document.getElementById(focused) || region.querySelector?.("h1, h2, h3") || region);
    say(region.querySelector?.("[data-say]")?.dataset.say || region.dataset?.say);
  });
  const notSaved = () => {
    const banner = document.getElementById("not-saved")?.content.firstElementChild.cloneNode(true);
    if (!banner || document.querySelector(".not-saved")) return;
    banner.classList.add("not-saved");
    document.getElementById("main").prepend(banner);
  };
  document.addEventListener("htmx:sendError", notSaved);
  document.addEventListener("htmx:timeout", notSaved);
  document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status >= 500) notSaved(); });
})();
