// What each row of goods is worth, and all of them together, while it is typed: as licensing/prices.py counts it.
// Without this file it stands there once the draft is saved.
(() => {
  "use strict";
  const form = document.getElementById("application");
  const together = document.getElementById("worth");
  if (!form || !together) return;
  // "1,200.5" as so many parts of a unit; null: nobody can read that yet
  const read = (text, places) => {
    let plain = text.normalize("NFKC").trim();
    if (/^[1-9]\d{0,2}([, ])\d{3}(\1\d{3})*(\.\d+)?$/.test(plain)) plain = plain.replace(/[, ]/g, "");
    const found = /^(\d{1,15})(?:\.(\d+))?$/.exec(plain);
    if (!found || (found[2] || "").length > places) return null;
    return BigInt(found[1] + (found[2] || "").padEnd(places, "0"));
  };
  const said = (cents) => `${(cents / 100n).toLocaleString("en")}.${String(cents % 100n).padStart(2, "0")}`;
  const count = () => {
    const currency = form.elements.currency?.value || "";
    const money = (cents) => (cents === null ? "–" : `${said(cents)} ${currency}`.trim());
    let sum = 0n;
    form.querySelectorAll("[data-worth]").forEach((shown) => {
      const row = shown.closest("fieldset");
      if (row.querySelector("[name$=-DELETE]")?.checked || !row.querySelector("[name$=-code]").value.trim()) {
        shown.textContent = "–";
        return;
      }
      const quantity = read(row.querySelector("[name$=-quantity]").value, 3);
      const price = read(row.querySelector("[name$=-unit_price]").value, 4);
      const worth = quantity && price ? (quantity * price + 50000n) / 100000n : null;
      shown.textContent = money(worth);
      sum = sum === null || worth === null ? null : sum + worth;
    });
    together.textContent = money(sum || null);
    const differs = document.getElementById("differs");
    const contract = read(form.elements.contract_value?.value || "", 2);
    differs.hidden = !(contract && sum && contract !== sum);
    differs.textContent = differs.dataset.said.replace("{sum}", money(sum));
  };
  form.addEventListener("input", count);
  form.addEventListener("change", count);
  count();
})();
