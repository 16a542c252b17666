"use strict";
// What every page can do: copy a command, and show an image large. Without it nothing is lost that is in the text.
(() => {
  // a region that scrolls can be reached and scrolled with the keyboard
  const reach = () => {
    for (const region of document.querySelectorAll(".scroll")) {
      if (region.scrollWidth > region.clientWidth || region.scrollHeight > region.clientHeight) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reach);
  addEventListener("load", reach);

  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = document.createElement("textarea");  // where the page may not use the clipboard, as in some browsers from a file
      field.value = text;
      field.className = "unseen";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  };
  for (const code of document.querySelectorAll("pre > code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.setAttribute("aria-label", `Copy: ${code.textContent}`);
    button.addEventListener("click", async () => {
      const done = await copied(code.textContent);
      if (!done) getSelection().selectAllChildren(code);
      button.focus();
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      button.setAttribute("aria-label", button.textContent);
      setTimeout(() => {
        button.textContent = "Copy";
        button.setAttribute("aria-label", `Copy: ${code.textContent}`);
      }, 2500);
    });
    code.parentElement.append(button);
  }

  // Images of one group are one stop of the Tab key; the arrow keys go from one to the next.
  const IMAGES = "img, [role=img]";
  const images = (group) => Array.from(group.querySelectorAll(IMAGES));
  const prepare = (group) => images(group).forEach((image, place) => { image.tabIndex = place ? -1 : 0; });
  const box = document.createElement("dialog");
  const shown = document.createElement("figure");
  const words = document.createElement("figcaption");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => box.close());
  box.className = "large-image";
  box.setAttribute("aria-label", "Image, large");
  box.append(close, shown);
  document.body.append(box);
  let from = null;

  const show = (image) => {
    from = image;
    const copy = image.cloneNode();
    const wide = image.naturalWidth ? image.naturalWidth / image.naturalHeight : Number(image.style.getPropertyValue("--wide")) || 1;
    copy.removeAttribute("tabindex");
    copy.style.setProperty("--wide", String(wide));
    words.textContent = image.alt || image.getAttribute("aria-label") || "";
    shown.replaceChildren(copy, words);
    if (!box.open) box.showModal();
  };
  const next = (image, step) => {
    const all = images(image.closest("[data-images]"));
    return all[(all.indexOf(image) + step + all.length) % all.length];
  };
  const step = (event) => ({ ArrowRight: 1, ArrowLeft: -1 })[event.key] ?? 0;
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("keydown", (event) => { if (step(event)) show(next(from, step(event))); });
  box.addEventListener("close", () => from?.focus());

  for (const group of document.querySelectorAll("[data-images]")) {
    prepare(group);
    new MutationObserver(() => prepare(group)).observe(group, { childList: true });
    group.addEventListener("click", (event) => { if (event.target.matches(IMAGES)) show(event.target); });
    group.addEventListener("keydown", (event) => {
      if (!event.target.matches(IMAGES)) return;
      if (event.key === "Enter" || event.key === " ") show(event.target);
      else if (step(event)) next(event.target, step(event)).focus();
      else return;
      event.preventDefault();
    });
  }
})();
