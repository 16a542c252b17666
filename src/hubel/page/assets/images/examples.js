// Images of the run that travel in the page, each with its label and whether the classifier names it so.
import { make } from "../parts/dom.js";
import { readExample } from "../session/files.js";

export function imageExamples(session) {
  const { examples } = session.data;
  if (!examples.length) return null;
  const strip = make("ul.image-strip"), buttons = examples.map((example, place) => exampleButton(session, example, place));
  strip.append(...buttons.map((button) => make("li", {}, button)));
  const mark = () => {
    for (const [place, button] of buttons.entries()) button.setAttribute("aria-pressed", String(session.image?.name === examples[place].path));
  };
  session.on("image", mark);
  mark();
  return make("section.image-examples", { "aria-label": "Examples" }, make("h2", { text: "Test images" }),
    make("div.scroll", { tabindex: "0", role: "region", "aria-label": "Test images" }, strip));
}

function exampleButton(session, example, place) {
  const given = namedAs(session.data, place), isRight = given === example.class_name;
  const says = given === null ? "" : isRight ? ", named rightly" : `, named ${given}`;
  const mark = given === null ? null : make(isRight ? "span.image-mark" : "span.image-mark.wrong", { text: isRight ? "✓" : "✗", "aria-hidden": true });
  return make("button.image-thumb", {
    type: "button",
    title: `${example.path}${says}`,
    "aria-label": `${example.class_name}: ${example.path}${says}`,
    onclick: async () => session.setImage(await readExample(example)),
  }, make("img", { src: `data:${example.type};base64,${example.data}`, alt: "", loading: "lazy", decoding: "async" }), mark, make("bdi", { text: example.class_name }));
}

// What the classifier calls an example, which travels with the page; null where it does not.
function namedAs({ checks, classifier }, place) {
  const logits = checks?.logits?.[place];
  const index = checks?.named?.[place] ?? logits?.indexOf(Math.max(...logits));
  return index === undefined ? null : classifier.class_names[index];
}
