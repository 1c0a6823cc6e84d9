// Rows that were copied from a spreadsheet fill the rows of a formset, from the field on which they are pasted. Without
// this file they are typed.
(() => {
  "use strict";
  // As spreadsheets copy: a cell with a line break, a tab or a quote stands in quotes, and its own quotes twice.
  const CELL = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r?\n|\r|$)/g;
  // Nobody sees them, and other programs put them in: marks of direction, a byte order mark, blanks that do not break.
  const MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, BLANKS = /[\u00a0\u2007\u202f]/g;
  const seen = (text) => text.replace(MARKS, "").replace(BLANKS, " ");
  const parse = (text) => {
    const found = [[]];
    for (const [, quoted, plain, end] of text.matchAll(CELL)) {
      const value = quoted === undefined ? plain : quoted.replaceAll('""', '"');
      found.at(-1).push(value.replace(/\s*[\r\n\t\v\f]+\s*/g, " ").trim());
      if (!end) break;
      if (end !== "\t") found.push([]);
    }
    return found;
  };
  // What no choice is called leaves what was chosen.
  const fill = (cell, text) => {
    const said = (one) => [one.value, one.text].some((word) => word.toLowerCase() === text.toLowerCase());
    const found = cell.options ? [...cell.options].find(said)?.value : text;
    if (found !== undefined) cell.value = found;
    return found !== undefined || !text;
  };
  const cells = (row) => [...row.querySelectorAll("input:not([type=hidden], [type=checkbox]), select, textarea")];
  document.querySelectorAll("[data-formset][data-pasted]").forEach((set) => {
    const rows = () => [...set.querySelectorAll("[data-row]")];
    const add = set.querySelector("[data-add]");
    set.querySelectorAll("[data-paste-hint]").forEach((hint) => { hint.hidden = false; });
    set.addEventListener("paste", (event) => {
      const copied = event.clipboardData?.getData("text/plain") || "";
      const text = seen(copied).replace(/[\r\n]+$/, "");
      if (!/[\t\n]/.test(text) || event.target.matches("textarea")) {
        if (seen(copied) === copied) return;
        event.preventDefault();
        document.execCommand("insertText", false, seen(copied));  // can be undone, as what a browser pastes
        return;
      }
      const at = rows().findIndex((row) => row.contains(event.target));
      const column = at < 0 ? -1 : cells(rows()[at]).indexOf(event.target);
      if (column < 0) return;
      event.preventDefault();
      const quantity = cells(rows()[at]).findIndex((cell) => cell.name.endsWith("-quantity")) - column;
      const pasted = parse(text);
      const unknown = new Set();
      const headed = pasted.length > 1 && /^\P{Nd}+$/u.test(pasted[0][quantity] || "");  // says what stands below it
      if (headed) pasted.shift();
      pasted.forEach((values, number) => {
        if (!rows()[at + number]) add.click();
        cells(rows()[at + number]).slice(column).forEach((cell, place) => {
          if (place < values.length && !fill(cell, values[place])) unknown.add(values[place]);
        });
      });
      event.target.focus();
      event.target.dispatchEvent(new Event("input", { bubbles: true }));
      const live = document.getElementById("live");
      const said = [set.dataset.pasted.replace("{n}", pasted.length)];
      if (headed) said.push(set.dataset.headed);
      const left = unknown.size ? set.dataset.unknown.replace("{words}", () => [...unknown].join(", ")) : "";
      if (left) said.push(left);
      set.querySelectorAll("[data-paste-left]").forEach((one) => { one.textContent = left; one.hidden = !left; });
      if (live) live.textContent = said.join(" ");
    });
  });
})();
