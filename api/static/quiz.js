// Shows one question after the other. Without this script the page is one long form that works as well.
"use strict";
(() => {
  const form = document.getElementById("quiz");
  const steps = [...form.querySelectorAll("[data-question], [data-end]")];
  const end = steps.length - 1;
  let at = 0;

  const bar = Object.assign(document.createElement("progress"), { max: end, value: 0 });
  bar.setAttribute("aria-label", "Questions answered");
  form.prepend(bar);

  const row = Object.assign(document.createElement("div"), { className: "row" });
  const back = Object.assign(document.createElement("button"), { type: "button", className: "second", textContent: "Back" });
  const next = Object.assign(document.createElement("button"), { type: "button", textContent: "Next" });
  row.append(back, next);
  form.append(row);

  const answered = (step) => step.matches("[data-end]") || step.querySelector("input:checked") !== null;

  function show(step, focus) {
    at = Math.max(0, Math.min(end, step));
    steps.forEach((one, index) => { one.hidden = index !== at; });
    bar.value = steps.filter((one, index) => index < end && answered(one)).length;
    back.hidden = at === 0;
    next.hidden = at === end;
    next.disabled = !answered(steps[at]);
    if (focus) {
      const first = steps[at].querySelector("input:checked, input:not([type=hidden])");
      if (first) first.focus();
    }
  }

  form.addEventListener("change", () => show(at, false));
  back.addEventListener("click", () => show(at - 1, true));
  next.addEventListener("click", () => show(at + 1, true));
  // Enter goes on to the next question; the last one sends the form.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && at < end && event.target.tagName === "INPUT") {
      event.preventDefault();
      if (answered(steps[at])) show(at + 1, true);
    }
  });
  const open = steps.findIndex((one) => !answered(one));
  const wrong = document.querySelector("[role=alert]");
  show(wrong && open < 0 ? end : 0, false);
})();
