// Rows that were copied from a spreadsheet fill the rows of a formset, from the field on which they are pasted. Without
// this file they are typed.
(() => {
  "use strict";
  const cells = (row) => [...row.querySelectorAll("input:not([type=hidden], [type=checkbox]), select, textarea")];
  document.querySelectorAll("[data-formset][data-pasted]").forEach((set) => {
    const rows = () => [...set.querySelector("[data-rows]").children];
    const add = set.querySelector("[data-add]");
    set.querySelectorAll("[data-paste-hint]").forEach((hint) => { hint.hidden = false; });
    set.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain").replace(/[\r\n]+$/, "") || "";
      if (!/[\t\n]/.test(text) || event.target.matches("textarea")) return;
      const at = rows().findIndex((row) => row.contains(event.target));
      const column = at < 0 ? -1 : cells(rows()[at]).indexOf(event.target);
      if (column < 0) return;
      event.preventDefault();
      const pasted = text.split(/\r?\n/).map((line) => line.split("\t"));
      pasted.forEach((values, number) => {
        if (!rows()[at + number]) add.click();
        cells(rows()[at + number]).slice(column).forEach((cell, place) => {
          if (place < values.length) cell.value = values[place].trim();
        });
      });
      event.target.focus();
      event.target.dispatchEvent(new Event("input", { bubbles: true }));
      const live = document.getElementById("live");
      if (live) live.textContent = set.dataset.pasted.replace("{n}", pasted.length);
    });
  });
})();
