// What plain HTML cannot do; every page works without it.
"use strict";

// Ctrl or Cmd with Enter in a text sends its form with the first button.
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("textarea[data-submits]");
  if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    field.form.requestSubmit(field.form.querySelector("button"));
  }
});

// J and K move through a list whose link has the focus, as Tab would.
document.addEventListener("keydown", (event) => {
  const list = event.target.closest?.("[data-moves]");
  if (!list || event.ctrlKey || event.metaKey || event.altKey || !["j", "k"].includes(event.key)) return;
  const links = [...list.querySelectorAll("a")];
  const next = links[links.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1)];
  next?.focus();
});

// After a decision was put in place, the focus goes to what it says.
document.addEventListener("htmx:after:swap", () => {
  const notice = document.querySelector("#review [role=alert], #review [role=status]");
  if (notice && document.activeElement === document.body) {
    notice.tabIndex = -1;
    notice.focus();
  }
});
