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

// A file of any size goes up in pieces; each may be sent again after a broken connection without doing harm.
const PIECE_BYTES = 512 * 1024;
document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-uploads]");
  const file = form?.querySelector("input[type=file]").files[0];
  if (!file) return;
  event.preventDefault();
  const bar = form.querySelector("progress");
  const headers = { "x-csrf-token": form.querySelector("[name=csrf_token]").value, accept: "application/json" };
  const send = async (path, body, tries = 5) => {
    const answer = await fetch(path, { method: "POST", headers, body }).catch(() => null);
    if (answer?.ok) return answer;
    if (tries > 1 && (!answer || answer.status >= 500)) {
      await new Promise((go) => setTimeout(go, 1000));
      return send(path, body, tries - 1);
    }
    throw new Error(answer ? `The file was refused (${answer.status}).` : "The server cannot be reached.");
  };
  form.querySelector("button").disabled = true;
  bar.parentElement.hidden = false;
  try {
    const place = form.getAttribute("action");
    const { id } = await (await send(place, new URLSearchParams({ filename: file.name }))).json();
    for (let no = 0; no * PIECE_BYTES < file.size; no += 1) {
      await send(`${place}/${id}/pieces/${no}`, file.slice(no * PIECE_BYTES, (no + 1) * PIECE_BYTES));
      bar.value = Math.min(1, ((no + 1) * PIECE_BYTES) / file.size);
    }
    await send(`${place}/${id}/${form.dataset.uploads}`, new URLSearchParams());
    window.location.assign(form.dataset.after ?? `${place}/${id}`);
  } catch (error) {
    bar.parentElement.replaceChildren(error.message);
    form.querySelector("button").disabled = false;
  }
});
