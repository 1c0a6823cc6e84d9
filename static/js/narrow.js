// A long list of boxes shows those that what is typed above it is a part of, and those that are ticked. Without this file
// it is scrolled.
(() => {
  "use strict";
  document.querySelectorAll("[data-narrow]").forEach((search) => {
    const input = search.querySelector("input");
    const choices = [...search.parentElement.querySelectorAll(".choices > label")];
    search.hidden = false;
    input.addEventListener("input", (event) => {
      event.stopPropagation();  // nothing of the form was changed
      const part = input.value.trim().toLowerCase();
      choices.forEach((choice) => {
        choice.hidden = !choice.textContent.toLowerCase().includes(part) && !choice.querySelector("input").checked;
      });
    });
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  });
})();
