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

  // A page that came back with problems starts at their summary, or at what is to be looked at again.
  focusOn(document.querySelector(".errsum, #unusual"));

  // What a scanner types takes the place of what it typed before.
  document.querySelector("input[autofocus]")?.select();

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

  // Sending one form, or changing the language, keeps what was typed into the page's others, but for secrets and files.
  // Each is kept under its writer and address in this tab, and is read back once, where that form is shown again.
  const KEPT = "typed:" + (document.querySelector("[name=typed_by]")?.value.split(":")[0] || "");
  const UNSAID = ["csrfmiddlewaretoken", "typed_by", "seen", "version", "base"];  // of another page of the same form
  const forms = () => {
    const numbers = new Map();
    return [...document.querySelectorAll("main form")].map((form) => {
      const hidden = [...form.querySelectorAll("input[type=hidden]")].filter((one) => !UNSAID.includes(one.name));
      const about = [form.getAttribute("action") || location.pathname, ...hidden.map((one) => `${one.name}=${one.defaultValue}`)].join("&");
      numbers.set(about, (numbers.get(about) || 0) + 1);
      return [`${about}#${numbers.get(about)}`, form];
    });
  };
  const controls = (form) => [...form.elements]
    .filter((control) => control.name && !["hidden", "password", "file", "submit", "button", "fieldset"].includes(control.type))
    .map((control, place) => [`${place}.${control.name}`, control]);
  // What was typed goes with what it was typed over: a newer version would write it over a colleague's change unasked.
  // Another form's own step moves `seen` on; where the page is only shown again, that goes along, too.
  const carried = (form, again) => [...form.elements]
    .filter((control) => control.type === "hidden" && (again ? ["version", "base", "seen"] : ["version", "base"]).includes(control.name))
    .map((control) => [control.name, control]);
  const ticked = (control) => ["checkbox", "radio"].includes(control.type);
  const value = (control) => ticked(control) ? control.checked
    : control.options ? [...control.options].map((one) => one.selected) : control.value;
  const changed = (control) => ticked(control) ? control.checked !== control.defaultChecked
    : control.options ? [...control.options].some((one) => one.selected !== one.defaultSelected)
      : control.value !== control.defaultValue;
  const put = (control, kept) => {
    if (ticked(control)) control.checked = kept;
    else if (control.options) [...control.options].forEach((one, place) => { one.selected = Boolean(kept[place]); });
    else control.value = kept;
  };
  const read = () => JSON.parse(sessionStorage.getItem(KEPT) || "{}");
  try {
    document.addEventListener("submit", (event) => {
      if (event.target.matches("[data-forget-typed]")) { sessionStorage.clear(); return; }
      const kept = read();
      const again = event.target.matches("[data-keep-typed]");
      const whole = again || document.querySelector(".errsum");  // the next page is fresh
      forms().forEach(([about, form]) => {
        const typed = form === event.target ? [] : controls(form).filter(([, control]) => whole || changed(control));
        if (typed.length) kept[about] = [...typed, ...carried(form, again)].map(([place, control]) => [place, value(control)]);
        else delete kept[about];
      });
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    });
    const kept = read();
    forms().forEach(([about, form]) => {
      const typed = new Map(kept[about] || []);
      if (typed.size) [...controls(form), ...carried(form, true)].forEach(([place, control]) => { if (typed.has(place)) put(control, typed.get(place)); });
      delete kept[about];
    });
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    const others = (key) => key.startsWith("typed:") && key !== KEPT && KEPT !== "typed:";
    Object.keys(sessionStorage).filter(others).forEach((key) => sessionStorage.removeItem(key));
  } catch { /* a browser that stores nothing loses only this comfort */ }

  // htmx: the target says that it is busy, focus survives the swap, one sentence is announced,
  // a refused form is shown in place, and a failure leaves everything that was typed.
  const REFUSED = [400, 409, 412, 422];
  let focused = null;  // the name of what had the focus; null where nothing had
  document.addEventListener("htmx:beforeRequest", (event) => {
    focused = document.activeElement === document.body ? null : document.activeElement?.id || "";
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
    else if (focused !== null && document.activeElement === document.body) focusOn(document.getElementById(focused) || region.querySelector?.("h1, h2, h3") || region);
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
