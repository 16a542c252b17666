"use strict";
(() => {
  // names of classes and files are values in arrays here, never keys of objects nor HTML
  const choices = JSON.parse(document.getElementById("choices").textContent);
  const selects = Array.from(document.querySelectorAll("select[data-place]"));
  const bar = document.getElementById("corrected");
  const button = document.getElementById("save");
  if (!bar) return;
  const back = document.getElementById("undo");
  const filter = document.getElementById("filter");
  const suspects = new Map(choices.suspects.map((suspect) => [String(suspect.place), suspect]));
  const suspectOf = (select) => suspects.get(select.dataset.place);
  const cardOf = (select) => select.closest("li");

  const addChoice = (select, text, correction) => {
    const option = document.createElement("option");
    option.textContent = text;
    option.value = correction;
    select.append(option);
  };

  const offer = (select) => {
    const suspect = suspectOf(select);
    const others = choices.classes.filter((each) => each.name !== suspect.label);
    select.replaceChildren();
    addChoice(select, "leave as it is", "");
    for (const each of others.filter((other) => other.name === suspect.suggested)) addChoice(select, each.shown, each.name);
    for (const each of others.filter((other) => other.name !== suspect.suggested)) addChoice(select, each.shown, each.name);
    addChoice(select, "remove from the corpus", choices.remove);
    select.disabled = false;
  };

  const field = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  const table = () => {
    const rows = selects.map((select) => {
      const suspect = suspectOf(select);
      return [suspect.path, suspect.label, suspect.suggested, select.value || suspect.earlier];
    });
    const lines = [choices.columns, ...choices.earlier, ...rows].map((row) => row.map(field).join(","));
    return lines.join("\r\n") + "\r\n";
  };

  // what was chosen outlives the page: kept by the browser, under the content of the corpus, on this machine
  let kept = choices.identity !== "";
  const decided = () => selects.filter((select) => select.value !== "").map((select) => [suspectOf(select).path, select.value]);
  const keep = () => {
    if (choices.identity === "") return;
    try {
      localStorage.setItem(choices.identity, JSON.stringify(decided()));
    } catch {
      kept = false;
    }
  };
  const recall = () => {
    if (choices.identity === "") return;
    try {
      const known = new Map(JSON.parse(localStorage.getItem(choices.identity) ?? "[]"));
      for (const select of selects) set(select, known.get(suspectOf(select).path) ?? "");
    } catch {
      kept = false;
    }
  };
  const set = (select, value) => {
    const place = Array.from(select.options).findIndex((option) => option.value === value);
    select.selectedIndex = Math.max(0, place);
    before.set(select, select.value);
  };

  const tell = () => {
    for (const select of selects) cardOf(select).classList.toggle("corrected", select.value !== "");
    const corrected = decided().length;
    const unsaved = table() !== saved;
    button.disabled = corrected === 0 && !unsaved;
    back.disabled = steps.length === 0;
    bar.textContent = `${corrected} of ${selects.length} corrected${corrected && !unsaved ? ", saved" : ""}`;
  };

  const steps = [];
  const before = new Map();
  const change = (select) => {
    steps.push([select, before.get(select)]);
    before.set(select, select.value);
    keep();
    tell();
  };
  const choose = (select, value) => {
    const was = select.value;
    set(select, value);
    before.set(select, was);
    if (select.value !== was) change(select);
  };
  const undo = () => {
    const step = steps.pop();
    if (!step) return;
    set(step[0], step[1]);
    keep();
    tell();
    go(step[0]);
  };

  const save = () => {
    saved = table();
    const address = URL.createObjectURL(new Blob([saved], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = choices.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell();
  };

  let current = null;
  const visible = () => selects.filter((select) => !cardOf(select).hidden);
  const go = (select) => {
    if (!select) return;
    if (current) cardOf(current).classList.remove("current");
    current = select;
    cardOf(select).classList.add("current");
    cardOf(select).scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const there = visible();
    if (current === null) return go(there[0]);
    go(there[Math.min(there.length - 1, Math.max(0, there.indexOf(current) + by))]);
  };
  const accept = () => {
    if (current === null) return step(1);
    choose(current, suspectOf(current).suggested);
    step(1);
  };
  const remove = () => {
    if (current === null) return;
    choose(current, choices.remove);
    step(1);
  };
  const leave = () => {
    if (current === null) return;
    choose(current, "");
    step(1);
  };
  const keys = [["a", accept], ["n", () => step(1)], ["p", () => step(-1)], ["l", leave], ["x", remove], ["u", undo]];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (/^(SELECT|INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
    const found = keys.find(([key]) => key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    found[1]();
  });

  for (const label of choices.labels) addChoice(filter, label.shown, label.name);
  filter.disabled = false;
  filter.addEventListener("change", () => {
    const wanted = choices.labels[filter.selectedIndex - 1]; // the first is: all
    for (const card of document.querySelectorAll("li.suspect")) {
      const select = card.querySelector("select[data-place]");
      card.hidden = wanted !== undefined && (!select || suspectOf(select).label !== wanted.name);
    }
    if (current && cardOf(current).hidden) go(visible()[0]);
  });

  for (const select of selects) {
    offer(select);
    before.set(select, "");
    select.addEventListener("change", () => change(select));
    select.addEventListener("focus", () => go(select));
  }
  let saved = table();
  recall();
  button.addEventListener("click", save);
  back.addEventListener("click", undo);
  window.addEventListener("beforeunload", (event) => {
    if (!kept && table() !== saved) event.preventDefault();
  });
  tell();
})();
