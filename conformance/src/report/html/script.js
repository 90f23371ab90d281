"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const tools = one("tools");
  const items = all("[data-item]");
  const words = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  const buttons = all("button[data-tone]", tools);
  let tone = "";
  tools.hidden = false;

  function filter() {
    const chapter = one("chapter").value;
    const wanted = one("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const fits = (!tone || item.dataset.tone === tone)
        && (!chapter || item.dataset.chapter === chapter)
        && wanted.every((word) => words.get(item).includes(word));
      item.hidden = !fits;
      shown += fits;
    }
    for (const group of all("[data-group]")) {
      group.hidden = !group.querySelector("[data-item]:not([hidden])");
    }
    for (const section of all("[data-section]")) {
      section.hidden = !section.querySelector("[data-item]:not([hidden])");
    }
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.tone === tone));
    }
    one("nothing").hidden = shown > 0;
    const scenarios = items.filter((item) => !item.hidden && item.tagName !== "TR").length;
    const rules = items.filter((item) => !item.hidden && item.tagName === "TR").length;
    one("status").textContent = `${scenarios} scenarios, ${rules} requirements`;
  }

  function reset() {
    tone = "";
    one("chapter").value = "";
    one("search").value = "";
    filter();
  }

  function reveal() {
    const target = one(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) reset();
    for (let at = target; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement) at.open = true;
    }
    target.scrollIntoView();
    const focus = target.matches("details") ? target.querySelector("summary") : target.querySelector("a");
    if (focus) focus.focus({ preventScroll: true });
  }

  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("input", filter);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      tone = tone === button.dataset.tone ? "" : button.dataset.tone;
      filter();
    });
  }
  one("reset").addEventListener("click", reset);
  for (const button of all("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
  addEventListener("hashchange", reveal);
  filter();
  if (location.hash) reveal();
})();
