// The answer of the network as it was trained beside that of the network as it is edited.
import { make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { pairedBars } from "../parts/paired.js";

export function editAnswer(session) {
  const words = make("p.edit-says", { role: "status" }), table = make("div.scroll", { tabindex: "0", role: "region", "aria-label": "Class probabilities, before and after" });
  const element = make("section.edit-answer.card", { "aria-label": "The answer" }, make("h3", { text: "The answer, before and after" }), words, table);
  const draw = async () => {
    if (!session.answer) return;
    const { answer } = session, before = session.busy ? session.trainedAnswer : await session.trained();
    if (!before || before.image !== answer.image) return;  // drawn again when it is there
    const names = session.data.classifier.class_names;
    words.replaceChildren(...answerSentence(session, before, answer));
    table.replaceChildren(pairedBars(names, before.probabilities, answer.probabilities, { words: { before: "As trained", after: "Now", caption: "Class probabilities as trained and now" } }));
  };
  return { element, draw };
}

function answerSentence(session, before, now) {
  const name = (answer) => make("bdi", { text: answer.className });
  if (!session.edits.length) return ["As trained: ", make("strong", {}, name(now)), ` with ${percent(now.probability)}. Nothing is edited.`];
  const count = session.edits.length, start = [`With ${count === 1 ? "this change" : `these ${count} changes`} `];
  if (before.best === now.best) return [...start, "the answer stays ", make("strong", {}, name(now)), `, with ${percent(now.probability)} instead of ${percent(before.probability)}.`];
  return [...start, "the answer becomes ", make("strong", {}, name(now)), ` with ${percent(now.probability)}; it was `, name(before), ` with ${percent(before.probability)}.`];
}
