// One station on the page: its sentences, the way to what there is to look at, and its question.
import { make } from "../parts/dom.js";
import { isRight } from "./answers.js";

// A sentence in which `a name` between backticks is code.
export function wordsOf(sentence) {
  return sentence.split("`").map((part, place) => (place % 2 ? make("code", { text: part }) : part));
}

// number: from 1; of: how many there are; kicker, title and sentences.
export function stationText(station, { number, of, facts, session }) {
  return [
    make("p.kicker", { text: `Station ${number} of ${of}` }),
    make("h3", { id: "station-title", text: station.title, tabindex: "-1" }),
    ...station.say(facts, session).map((sentence) => make("p", {}, ...wordsOf(sentence))),
  ];
}

export function lookButton(look, go) {
  return make("p.station-look", {}, make("button", { type: "button", text: look.label, onclick: go }));
}

// ask: as of a station's pose; solved: called when the answer was right.
export function stationQuestion(ask, solved) {
  const result = make("output.station-result", { "aria-live": "polite" });
  const check = (event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("answer") ?? "";
    if (given === "") return;
    const right = isRight(ask, String(given));
    result.classList.toggle("right", right);
    result.replaceChildren(...wordsOf(right ? `Right. ${ask.because}` : `Not yet. ${ask.how} Then try again.`));
    if (right) solved();
  };
  const legend = make("legend", {}, ...wordsOf(ask.question));
  const fields = ask.kind === "choice" ? choiceFields(ask) : [numberField()];
  return make("form.station-question", { onsubmit: check, autocomplete: "off" },
    make("fieldset", {}, legend, ...fields, make("button", { type: "submit", text: "Check" }), result),
    make("details", {}, make("summary", { text: "Show the answer" }), make("p", {}, ...wordsOf(ask.because)), make("p.muted", {}, ...wordsOf(ask.how))));
}

const numberField = () => make("label.station-number", {}, "Your answer ", make("input", { type: "text", name: "answer", inputmode: "decimal", size: "10" }));

function choiceFields({ choices }) {
  return choices.map((choice) => make("label.station-choice", {}, make("input", { type: "radio", name: "answer", value: choice }), make("bdi", { text: choice })));
}
