// While anything is edited the page says so everywhere: its probabilities are those of the edited network.
import { make } from "../parts/dom.js";
import { editsInWords } from "../session/edits.js";

export function editBadge(session) {
  const link = make("a", { href: "#edit" }), undo = make("button.edit-small", { type: "button", text: "Restore all", onclick: () => session.restore() });
  const element = make("aside.edit-badge", { hidden: true, "aria-label": "The network is edited" }, link, " ", undo);
  const draw = () => {
    element.hidden = !session.edits.length;
    link.textContent = editsInWords(session.edits);
    link.title = "All probabilities on this page are those of the edited network.";
  };
  session.on("edits", draw);
  return element;
}
