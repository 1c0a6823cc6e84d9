// Rows that were copied from a spreadsheet fill the rows of a formset, from the field on which they are pasted. Without
// this file they are typed.
(() => {
  "use strict";
  // As spreadsheets copy: a cell with a line break, a tab or a quote stands in quotes, and its own quotes twice.
  const CELL = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r?\n|\r|$)/g;
  const parse = (text) => {
    const found = [[]];
    for (const [, quoted, plain, end] of text.matchAll(CELL)) {
      const value = quoted === undefined ? plain : quoted.replaceAll('""', '"');
      found.at(-1).push(value.replace(/\s*[\r\n\t]+\s*/g, " ").trim());
      if (!end) break;
      if (end !== "\t") found.push([]);
    }
    return found;
  };
  const chosen = (cell, text) => {
    const said = (one) => [one.value, one.text].some((word) => word.toLowerCase() === text.toLowerCase());
    return cell.options ? [...cell.options].find(said)?.value ?? "" : text;
  };
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
      const quantity = cells(rows()[at]).findIndex((cell) => cell.name.endsWith("-quantity")) - column;
      const pasted = parse(text);
      const headed = pasted.length > 1 && /^\P{Nd}+$/u.test(pasted[0][quantity] || "");  // says what stands below it
      if (headed) pasted.shift();
      pasted.forEach((values, number) => {
        if (!rows()[at + number]) add.click();
        cells(rows()[at + number]).slice(column).forEach((cell, place) => {
          if (place < values.length) cell.value = chosen(cell, values[place]);
        });
      });
      event.target.focus();
      event.target.dispatchEvent(new Event("input", { bubbles: true }));
      const live = document.getElementById("live");
      const left = headed ? ` ${set.dataset.headed}` : "";
      if (live) live.textContent = set.dataset.pasted.replace("{n}", pasted.length) + left;
    });
  });
})();
