// What was edited, and back and forth.
import { announce, make } from "../parts/dom.js";
import { editsInWords } from "../session/edits.js";

const MOST_LISTED = 50;

export function editList(session) {
  const button = (text, act) => make("button.quiet", { type: "button", text, onclick: act });
  const undo = button("Undo", () => session.undo()), redo = button("Redo", () => session.redo()), restore = button("Restore all", () => session.restore());
  const list = make("ol.edit-list"), title = make("h3", { text: "Changes" }), none = make("p.muted", { text: "None yet." });
  const element = make("section.edit-changes.card", { "aria-label": "Changes" }, title, make("div.edit-row", {}, undo, redo, restore), none, list);
  let shown = null;
  const draw = async () => {
    undo.disabled = !session.canUndo;
    redo.disabled = !session.canRedo;
    restore.disabled = !session.edits.length;
    if (shown === session.edits) return;
    if (shown) announce(session.edits.length ? editsInWords(session.edits) : "All is as it was trained.");
    shown = session.edits;
    none.hidden = shown.length > 0;
    const more = shown.length > MOST_LISTED ? [make("li.muted", { text: `and ${shown.length - MOST_LISTED} before these` })] : [];
    list.replaceChildren(...shown.slice(-MOST_LISTED).reverse().map((each) => editRow(session, each)), ...more);
  };
  return { element, draw };
}

function editRow(session, edit) {
  const back = edit.kind === "off" && make("button.quiet.edit-small", { type: "button", text: "Switch on", "aria-label": `Switch on: ${edit.words}`, onclick: () => session.switchOn(edit.value, edit.channel) });
  return make("li", {}, make("bdi", { text: edit.words }), back || null);
}
