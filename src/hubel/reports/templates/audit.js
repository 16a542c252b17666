"use strict";
(() => {
  // names of classes and files are values in arrays here, never keys of objects nor HTML
  const choices = JSON.parse(document.getElementById("choices").textContent);
  const selects = Array.from(document.querySelectorAll("select[data-place]"));
  const bar = document.getElementById("corrected");
  const button = document.getElementById("save");
  if (!bar) return;
  const suspects = new Map(choices.suspects.map((suspect) => [String(suspect.place), suspect]));
  const suspectOf = (select) => suspects.get(select.dataset.place);

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
      return [suspect.path, suspect.label, suspect.suggested, select.value];
    });
    const lines = [choices.columns, ...rows].map((row) => row.map(field).join(","));
    return lines.join("\r\n") + "\r\n";
  };

  const tell = () => {
    for (const select of selects) select.closest("li").classList.toggle("corrected", select.value !== "");
    const corrected = selects.filter((select) => select.value !== "").length;
    const unsaved = table() !== saved;
    button.disabled = corrected === 0 && !unsaved;
    bar.textContent = `${corrected} of ${selects.length} corrected${corrected && !unsaved ? ", saved" : ""}`;
  };

  const save = () => {
    saved = table();
    const address = URL.createObjectURL(new Blob([saved], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "corrected.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell();
  };

  for (const select of selects) {
    offer(select);
    select.addEventListener("change", tell);
  }
  let saved = table();
  button.addEventListener("click", save);
  window.addEventListener("beforeunload", (event) => {
    if (table() !== saved) event.preventDefault();
  });
  tell();
})();
