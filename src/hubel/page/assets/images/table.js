// Images that were given to the page, in a table: name, class, probability. One of them is looked at.
import { announce, get, make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { answerOf } from "../session/answer.js";
import { readGiven } from "../session/files.js";
import { mirror } from "../session/session.js";

const MOST_ROWS = 500;

export function imageTable(session) {
  const body = make("tbody"), element = make("section.image-table", { "aria-label": "Your images" }, make("h2", { text: "Your images" }), madeTable(body));
  const faults = make("ul.image-faults", { role: "alert" }), kept = { count: 0 };
  element.append(faults);
  element.hidden = true;

  // files: of Blob, ImageData, or {given, name}; the first one that can be read is shown at once.
  const add = async (files) => {
    const room = MOST_ROWS - kept.count, taken = files.slice(0, room);
    faults.replaceChildren();
    if (taken.length < files.length) faults.append(make("li", { text: `Only ${MOST_ROWS} images are kept; the rest is left out.` }));
    let first = true;
    for (const file of taken) {
      const image = await readOrSay(session, file, faults);
      if (!image) continue;
      kept.count++;
      const row = imageRow(session, image);
      body.append(row.element);
      if (first) await row.show(); else await row.compute();
      first = false;
    }
    element.hidden = kept.count < 2 && !faults.childElementCount;
    element.querySelector("table").hidden = kept.count < 2;
    if (faults.childElementCount) announce(faults.textContent);
  };
  return { element, add };
}

function madeTable(body) {
  const head = ["Name", "Class", "Probability"].map((text, place) => make(place === 2 ? "th.number" : "th", { text, scope: "col" }));
  return make("div.scroll", { tabindex: "0", role: "region", "aria-label": "Your images and their answers" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), body));
}

async function readOrSay(session, file, faults) {
  const name = file.name ?? "image";
  try {
    return await readGiven(session.data, file.given ?? file, name);
  } catch (error) {
    faults.append(make("li", {}, make("bdi", { text: name }), `: ${error.message}.`));
    get("images").querySelector(".image-table").hidden = false;
    return null;
  }
}

function imageRow(session, image) {
  const className = make("bdi"), share = make("td.number");
  const button = make("button.image-choice", { type: "button", title: image.name }, make("bdi", { text: image.name }));
  const element = make("tr", {}, make("th", { scope: "row" }, button), make("td", {}, className), share);
  const say = (answer) => {
    className.textContent = answer.className;
    share.textContent = percent(answer.probability);
  };
  const show = async () => {
    await session.setImage(image);
    if (session.image === image && session.answer) say(session.answer);
  };
  const mark = () => button.setAttribute("aria-pressed", String(session.image === image));
  button.addEventListener("click", show);
  session.on("image", mark);
  mark();
  return { element, show, compute: async () => say(await answerAside(session, image)) };
}

// The answer to an image that is not shown.
async function answerAside(session, image) {
  const ask = (pixels) => session.client.ask("glance", { pixels }), { data } = session;
  const mirrored = data.classifier.tta === "mirror" ? await ask(mirror(image.pixels, data.graph.image_size)) : null;
  return answerOf(data, await ask(image.pixels), { mirrored, pixels: image.pixels });
}
