// What the classifier says of the image: its best classes, and how far that can be trusted.
import { make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { predictionSet } from "../session/answer.js";

const FEW_CLASSES = 5, COVERAGE_AT_FIRST = 0.9;

export function answerCard(session) {
  const names = session.data.classifier.class_names, bars = make("ol.answer-bars", { id: "answer", "aria-label": "Classes, the most probable first" });
  const remarks = make("ul.answer-remarks"), more = make("button.plain.answer-more", { type: "button" }), sets = setWords(session);
  const element = make("section.answer-card", { "aria-label": "Answer" }, bars, more, remarks, sets.element);
  let all = false;
  const draw = () => {
    const { answer } = session;
    element.hidden = !answer;
    if (!answer) return;
    element.classList.remove("waiting");
    const order = bestClasses(answer.probabilities, all ? names.length : FEW_CLASSES);
    bars.replaceChildren(...order.map((place) => classBar(names[place], answer.probabilities[place])));
    more.hidden = names.length <= FEW_CLASSES;
    more.textContent = all ? `Show ${FEW_CLASSES} classes` : `Show all ${names.length.toLocaleString("en")} classes`;
    more.setAttribute("aria-expanded", String(all));
    remarks.replaceChildren(...remarkWords(session).map((words) => make("li", { text: words })));
    sets.draw();
  };
  more.addEventListener("click", () => {
    all = !all;
    draw();
  });
  session.on("image", () => element.classList.add("waiting"));
  session.on("answer", draw);
  draw();
  return element;
}

// Places of the most probable classes, the best first.
export function bestClasses(probabilities, count) {
  return probabilities.map((_, place) => place).sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, count);
}

function classBar(name, probability) {
  const full = make("span"), bar = make("span.bar.counted", { "aria-hidden": true }, full);
  full.style.width = `${(100 * probability).toFixed(2)}%`;
  return make("li", {}, make("bdi", { text: name, title: name }), make("span.answer-share", { text: percent(probability) }), bar);
}

function remarkWords({ answer, edits }) {
  const words = [];
  if (answer.offCorpus) words.push("It looks unlike the training images: the class may mean little.");
  if (answer.abstained) words.push("The classifier is not sure enough: better ask a person.");
  if (edits.length) words.push("Parts of the network are changed: this is not its own answer.");
  return words;
}

// The prediction set; how often it is to hold the true class can be chosen.
function setWords(session) {
  const { sets, classifier } = session.data, element = make("p.answer-set"), words = make("span");
  if (!sets) return { element: null, draw() {} };
  const choice = make("select", { "aria-label": "Share of images like those of training whose true class is in the set" });
  choice.append(...sets.coverages.map((each) => make("option", { value: String(each), text: `${Math.round(100 * each)} %` })));
  choice.value = String(sets.coverages.find((each) => Math.abs(each - COVERAGE_AT_FIRST) < 1e-9));
  const draw = () => {
    const places = predictionSet(session.data, session.answer.probabilities, Number(choice.value));
    const inside = bestClasses(session.answer.probabilities, classifier.class_names.length).filter((place) => places.includes(place));
    words.replaceChildren(...setSentence(inside.map((place) => classifier.class_names[place])));
  };
  choice.addEventListener("change", draw);
  element.append("In ", choice, " of cases, the true class is in this set: ", words);
  return { element, draw };
}

const MOST_IN_SET = 12;

function setSentence(names) {
  if (!names.length) return ["none, for no class is probable enough."];
  const named = names.slice(0, MOST_IN_SET).flatMap((name, place) => [place ? ", " : "", make("bdi", { text: name })]);
  return [...named, names.length > MOST_IN_SET ? ` and ${names.length - MOST_IN_SET} more.` : "."];
}
