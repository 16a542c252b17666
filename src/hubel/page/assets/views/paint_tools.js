// What the pointer does on the image: a brush of any colour and size, the original again, a patch, or the image itself moves.
import { make } from "../parts/dom.js";

const TOOLS = {
  brush: { label: "Brush", about: "paints with the colour" },
  erase: { label: "Original", about: "brings the original back" },
  patch: { label: "Patch", about: "a square in the colour" },
  move: { label: "Move", about: "drags the image" },
};
const INKS = { White: "#ffffff", Grey: "#808080", Black: "#000000" };

export function paintTools(easel) {
  const buttons = Object.entries(TOOLS).map(([tool, { label, about }]) => make("button.quiet", { type: "button", text: label, title: about, "data-tool": tool, onclick: () => choose({ tool }) }));
  const colour = make("input", { type: "color", value: "#ffffff", oninput: () => choose({ colour: fromHex(colour.value) }) });
  const inks = Object.entries(INKS).map(([label, value]) => make("button.quiet.edit-small", { type: "button", text: label, onclick: () => { colour.value = value; choose({ colour: fromHex(value) }); } }));
  const size = make("input", { type: "range", min: "1", step: "1" }), number = make("input", { type: "number", min: "1", step: "1", "aria-label": "Size of the brush in pixels" });
  for (const input of [size, number]) input.addEventListener("input", () => Number(input.value) >= 1 && choose({ size: Number(input.value) }));
  const undo = make("button.quiet", { type: "button", text: "Undo", onclick: () => easel.act((painting) => painting.undo()) });
  const redo = make("button.quiet", { type: "button", text: "Redo", onclick: () => easel.act((painting) => painting.redo()) });
  const reset = make("button.quiet", { type: "button", text: "Back to the original", onclick: () => easel.act((painting) => painting.reset()) });
  const element = make("div.paint-tools", {},
    make("div.edit-row", { role: "group", "aria-label": "What the pointer does" }, ...buttons),
    make("div.edit-row", {}, make("label", {}, "Colour ", colour), ...inks),
    make("div.edit-row", {}, make("label", {}, "Size ", size), number, make("span.muted", { text: "pixels" })),
    make("div.edit-row", {}, undo, redo, reset));
  function choose(part) {
    Object.assign(easel.brush, part);
    easel.tell();
  }
  const draw = (painting) => {
    if (!painting) return;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tool === easel.brush.tool));
    size.max = number.max = String(Math.min(...painting.size));
    size.value = String(easel.brush.size);
    if (document.activeElement !== number) number.value = String(easel.brush.size);
    undo.disabled = !painting.past.length;
    redo.disabled = !painting.future.length;
    reset.disabled = !painting.isChanged;
  };
  return { element, draw };
}

const fromHex = (text) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
