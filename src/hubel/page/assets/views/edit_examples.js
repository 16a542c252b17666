// How many of the page's example images get another answer with the edits.
import { make } from "../parts/dom.js";
import { examplesWithEdits } from "../session/trials.js";
import { startedTrial } from "./edit_trial.js";

const imagesCounted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export function editExamples(session) {
  const { examples } = session.data, list = make("ul.edit-changed");
  let shownFor = null;
  const trial = startedTrial({
    text: imagesCounted(examples.length, "Try the example image", "Try all example images").replace(/^\d+ /, ""),
    about: `Asks the network as it was trained and as it is edited about ${imagesCounted(examples.length, "image", "images")}.`,
    async act(signal, heard) {
      const found = await examplesWithEdits(session, { signal, heard });
      if (!found) return "Stopped: the network is another one now, or you stopped it.";
      shownFor = session.edits;
      list.replaceChildren(...found.filter(({ before, after }) => before.best !== after.best).map((each) => changedExample(session, each)));
      return examplesInWords(found);
    },
  });
  const element = make("section.edit-examples.card", { "aria-label": "The example images" }, make("h3", { text: "The example images" }), trial.element, list);
  element.hidden = examples.length === 0;
  const draw = async () => {
    if (shownFor === session.edits || !shownFor) return;
    shownFor = null;
    list.replaceChildren();
    trial.clear();
  };
  return { element, draw };
}

function examplesInWords(found) {
  const others = found.filter(({ before, after }) => before.best !== after.best).length;
  const right = (which) => found.filter((each) => each[which].className === each.image.label).length;
  return `${others} of ${imagesCounted(found.length, "image", "images")} ${others === 1 ? "gets" : "get"} another answer. Right as trained: ${right("before")}; right now: ${right("after")}.`;
}

function changedExample(session, { image, before, after }) {
  const name = (text) => make("bdi", { text });
  return make("li", {}, make("button.quiet", { type: "button", onclick: () => session.setImage(image) }, name(image.name)),
    " ", name(before.className), " → ", make("strong", {}, name(after.className)), " (it is ", name(image.label), ")");
}
