// What a row of goods says beside its fields, while these are typed: its unit, its worth as licensing/prices.py counts it,
// and what its folded part holds and lacks (`lacking` of licensing/models). Without this file it stands there once the draft is
// saved.
(() => {
  "use strict";
  const form = document.getElementById("application");
  const together = document.getElementById("worth");
  if (!form || !together) return;
  const places = { quantity: Number(form.dataset.quantityPlaces), price: Number(form.dataset.pricePlaces) };
  const cent = 10n ** BigInt(places.quantity + places.price - 2);
  // "1,200.5" as so many parts of a unit; null: nobody can read that yet
  const read = (text, places) => {
    let plain = text.normalize("NFKC").trim();
    if (/^[1-9]\d{0,2}([, ])\d{3}(\1\d{3})*(\.\d+)?$/.test(plain)) plain = plain.replace(/[, ]/g, "");
    const found = /^(\d{1,15})(?:\.(\d+))?$/.exec(plain);
    if (!found || (found[2] || "").length > places) return null;
    return BigInt(found[1] + (found[2] || "").padEnd(places, "0"));
  };
  const said = (cents) => `${(cents / 100n).toLocaleString("en")}.${String(cents % 100n).padStart(2, "0")}`;
  const items = new Map([...document.querySelectorAll("#control-codes option")].map((one) => [one.value.toLowerCase(), one.dataset]));
  const describe = (row) => {
    const value = (name) => row.querySelector(`[name$="-${name}"]`).value.trim();
    const item = items.get(value("code").toLowerCase()) || {};
    const told = row.querySelector("[data-told]"), lacking = row.querySelector("[data-lacking]");
    const controls = [...row.querySelectorAll("details :is(input, select)")];
    const begun = ["code", "description", "quantity"].some(value);
    const typed = ({ value, dataset: { after } }) => (after ? value.trim().replace(/\s*[%％]$/, "") + after : value.trim());
    const words = (one) => (one.options ? one.selectedOptions[0].text : typed(one));
    const named = value("composition").match(/[A-Z][a-z]?/g) || [];
    const lacks = {
      specification: !value("specification"),
      maker: !value("maker"),
      composition: item.element && !named.includes(item.element),
      composition_basis: named.length && !value("composition_basis"),
    };
    row.querySelector("[data-unit]").textContent = item.unit || "–";
    told.textContent = begun ? controls.filter((one) => one.value.trim()).map(words).join(" · ") : "";
    const called = begun ? controls.filter((one) => lacks[one.name.split("-").pop()]).map((one) => one.dataset.called) : [];
    lacking.hidden = !called.length;
    lacking.textContent = lacking.dataset.says.replace("{fields}", called.join(" · "));
  };
  const count = () => {
    form.querySelectorAll("[data-row]").forEach(describe);
    const currency = form.elements.currency?.value || "";
    const money = (cents) => (cents === null ? "–" : `${said(cents)} ${currency}`.trim());
    let sum = 0n;
    form.querySelectorAll("[data-worth]").forEach((shown) => {
      const row = shown.closest("[data-row]");
      if (row.querySelector("[name$=-DELETE]")?.checked || !row.querySelector("[name$=-code]").value.trim()) {
        shown.textContent = "–";
        return;
      }
      const quantity = read(row.querySelector("[name$=-quantity]").value, places.quantity);
      const price = read(row.querySelector("[name$=-unit_price]").value, places.price);
      const worth = quantity && price ? (quantity * price + cent / 2n) / cent : null;
      shown.textContent = money(worth);
      sum = sum === null || worth === null ? null : sum + worth;
    });
    together.textContent = money(sum || null);
    const differs = document.getElementById("differs");
    const contract = read(form.elements.contract_value?.value || "", 2);
    differs.hidden = !(contract && sum && contract !== sum);
    differs.textContent = differs.dataset.said.replace("{sum}", money(sum));
  };
  // A link to a folded field leads to it, in browsers that do not unfold by themselves, too.
  const unfold = () => {
    const field = document.getElementById(location.hash.slice(1));
    const folded = field?.closest("details:not([open])");
    if (folded) { folded.open = true; field.focus(); }
  };
  window.addEventListener("hashchange", unfold);
  unfold();
  form.addEventListener("input", count);
  form.addEventListener("change", count);
  count();
})();
