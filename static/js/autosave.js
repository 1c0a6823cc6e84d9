// A draft is saved while it is typed; what could not be saved is kept in this browser until it is. Without this file the
// form's button saves it.
(() => {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  const told = document.getElementById("saved");
  if (!form || !told) return;
  const WAIT_MS = 800, AGAIN_MS = 4000;
  const PREFIX = "draft:", OWN = PREFIX + (form.elements.typed_by?.value.split(":")[0] || "") + ":";
  // A tab that is duplicated takes what it stores along: so it stores its name only while it shows no page.
  const TAB = sessionStorage.getItem("draft-tab") || String(Math.random()).slice(2);
  sessionStorage.removeItem("draft-tab");
  window.addEventListener("pagehide", () => sessionStorage.setItem("draft-tab", TAB));
  window.addEventListener("pageshow", () => sessionStorage.removeItem("draft-tab"));  // come back to, as it was left
  const ALIVE = "draft-tab:";  // a lock that a tab holds as long as it is open
  navigator.locks?.request(ALIVE + TAB, () => new Promise(() => {}));
  const openTabs = async () => new Set(((await navigator.locks?.query())?.held || []).map((one) => one.name));
  const place = () => `${OWN}${location.pathname}#`;
  const key = () => place() + TAB;
  const SENT = `${OWN}sent`;  // the button took this copy along
  const taken = () => { try { localStorage.setItem(SENT, key()); } catch { /* stores nothing */ } };
  if (document.getElementById("conflicts")) {  // what is to stand is chosen there, and the button alone says it
    form.addEventListener("submit", taken);
    return;
  }
  const OF_THE_PAGE = ["csrfmiddlewaretoken", "typed_by", "theirs"];
  let timer = 0, sending = null, unsent = null, dirty = false, over = false;

  const typed = () => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !OF_THE_PAGE.includes(name));
  const keep = () => { try { localStorage.setItem(key(), JSON.stringify({ said: typed(), unsent })); } catch { /* stores nothing */ } };
  const forget = () => { try { localStorage.removeItem(key()); } catch { /* stores nothing */ } };
  const say = (sentence, bad) => { told.textContent = sentence; told.classList.toggle("c-bad", Boolean(bad)); };
  // What a row lacks stands at its field, as long as nobody types into that row.
  let lacks = {};
  const mark = () => {
    form.querySelectorAll("[data-lacks]").forEach((one) => one.remove());
    Object.entries(lacks).forEach(([id, sentence]) => {
      const control = document.getElementById(id);
      if (!control || document.getElementById(`${id}_error`) || control.closest("[data-row]").contains(document.activeElement)) return;
      const said = document.createElement("p");
      said.className = "errmsg";
      said.dataset.lacks = "";
      said.textContent = sentence;
      control.before(said);
      control.closest("details")?.setAttribute("open", "");
    });
  };
  form.addEventListener("focusin", mark);
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };

  // What did not arrive is sent again as it was, under its own key: the server answers as it did, if it did.
  const save = () => {
    clearTimeout(timer);
    if (over) return Promise.resolve(false);
    sending ||= send().finally(() => { sending = null; });
    return sending;
  };
  const send = async () => {
    const again = unsent !== null;
    if (!again) {
      unsent = { key: crypto.getRandomValues(new Uint32Array(4)).join("-"), said: typed() };
      dirty = false;
      keep();
    }
    const sent = new FormData();
    ["csrfmiddlewaretoken", "typed_by"].forEach((name) => sent.append(name, form.elements[name]?.value || ""));
    unsent.said.forEach(([name, value]) => sent.append(name, value));
    const headers = { "X-Autosave": "1", "Idempotency-Key": unsent.key };
    let answer, body = null, heard = false;
    try {
      answer = await fetch(form.action, { method: "POST", body: sent, headers, redirect: "manual" });
      const text = await answer.text();
      heard = answer.status < 500 && !answer.headers.has("Retry-After");
      if (heard) body = JSON.parse(text);
    } catch { /* nothing arrived, or a page that signs in */ }
    if (!body) {
      over = heard;
      say(over ? form.dataset.over : form.dataset.unsaved, true);
      if (!over) later(AGAIN_MS);
      return false;
    }
    unsent = null;
    over = !answer.ok && answer.status !== 422;
    say(body.said, over);
    lacks = body.wrong || {};
    mark();
    if (answer.ok) {
      if (body.address && body.address !== location.pathname) {
        forget();
        history.replaceState(null, "", body.address);
        form.action = body.address;
      }
      form.elements.version.value = body.version;
      form.elements.base.value = body.base;
    }
    if (!answer.ok || body.left.length || dirty) keep(); else forget();
    if (dirty && !over) later(again ? 0 : WAIT_MS);
    return answer.ok;
  };

  const change = () => { dirty = true; keep(); later(WAIT_MS); };
  form.addEventListener("input", change);
  form.addEventListener("change", change);
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    taken();
    if (!sending && !dirty && unsent === null) return;
    event.preventDefault();  // what is under way comes first, or the form would meet its own change
    await sending;
    if (unsent !== null) await save();
    if (dirty) await save();
    if (unsent !== null && !over) { localStorage.removeItem(SENT); return; }  // the page stays, with all that was typed
    unsent = null;
    dirty = false;
    setTimeout(() => form.requestSubmit(event.submitter));  // not while this event is still on its way
  });

  const put = (pairs) => {
    const all = new Map();
    pairs.forEach(([name, value]) => all.set(name, [...(all.get(name) || []), value]));
    form.querySelectorAll("[data-formset]").forEach((set) => {
      const total = form.elements[`${set.dataset.formset}-TOTAL_FORMS`];
      const wanted = Number(all.get(total.name)?.[0] || 0);
      while (Number(total.value) < wanted) set.querySelector("[data-add]").click();
    });
    [...form.elements].forEach((control) => {
      if (!control.name || OF_THE_PAGE.includes(control.name) || ["file", "submit", "button", "fieldset"].includes(control.type)) return;
      const values = all.get(control.name) || [];
      if (["checkbox", "radio"].includes(control.type)) control.checked = values.includes(control.value);
      else if (control.options) [...control.options].forEach((one) => { one.selected = values.includes(one.value); });
      else if (values.length) control.value = values[0];
    });
  };
  try {
    const others = (name) => name.startsWith(PREFIX) && !name.startsWith(OWN);
    Object.keys(localStorage).filter(others).forEach((name) => localStorage.removeItem(name));
    document.addEventListener("submit", (event) => {
      if (event.target.matches("[data-forget-typed]")) Object.keys(localStorage).filter((name) => name.startsWith(PREFIX)).forEach((name) => localStorage.removeItem(name));
    });
    const problems = document.querySelector(".errsum");
    const sent = localStorage.getItem(SENT);
    localStorage.removeItem(SENT);
    if (sent && !problems) localStorage.removeItem(sent);
    // What a tab that is still open keeps is its own: taken by two, it would be saved as two.
    const again = (name) => {
      const kept = name && JSON.parse(localStorage.getItem(name));
      if (!kept || problems || dirty) return;
      const opened = form.elements.version.value;
      put(kept.said || kept);  // as it was kept before keys were
      unsent = kept.unsent || null;
      localStorage.removeItem(name);
      keep();
      over = !unsent && form.elements.version.value !== opened;  // it was changed since: the button compares
      dirty = !over;
      say(over ? form.dataset.over : form.dataset.again, over);
      if (dirty) later(WAIT_MS);
    };
    const orphan = (alive) => Object.keys(localStorage).find((one) => one.startsWith(place()) && !alive.has(ALIVE + one.split("#").pop()));
    if (localStorage.getItem(key())) again(key());  // at once, before anybody types over it
    else openTabs().then((alive) => again(orphan(alive))).catch(() => {});
  } catch { /* a browser that stores nothing loses only this comfort */ }
})();
