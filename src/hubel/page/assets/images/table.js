// Images that were given to the page, in a table: name, class, probability. One of them is looked at.
import { announce, make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { CannotRead } from "../pixels/faults.js";
import { answerOf } from "../session/answer.js";
import { readGiven } from "../session/files.js";
import { mirror } from "../session/session.js";

const MOST_ROWS = 500;

export function imageTable(session) {
  const body = make("tbody"), table = madeTable(body), faults = make("ul.image-faults", { role: "alert" }), progress = make("p.image-hint", { role: "status" });
  const element = make("section.image-table", { "aria-label": "Your images" }, make("h2", { text: "Your images" }), progress, table, faults);
  const say = (words = "") => {
    progress.textContent = words;
    table.hidden = body.rows.length < 2;
    element.hidden = table.hidden && !words && !faults.childElementCount;
  };
  const fault = (...words) => {
    faults.append(make("li", {}, ...words));
    say(progress.textContent);
  };

  // files: of Blob, ImageData, or {given, name}; the first one that can be read is shown at once.
  const add = async (files) => {
    const taken = files.slice(0, MOST_ROWS - body.rows.length);
    let shown = false;
    faults.replaceChildren();
    if (taken.length < files.length) fault(`Only ${MOST_ROWS} images are kept; the rest is left out.`);
    for (const [place, file] of taken.entries()) {
      say(`Reading ${taken.length > 1 ? `image ${place + 1} of ${taken.length}` : "the image"} …`);
      const image = await readOrSay(session, file, fault);
      if (!image) continue;
      const row = imageRow(session, image);
      body.append(row.element);
      await (shown ? row.compute() : row.show());
      shown = true;
    }
    say();
    if (faults.childElementCount) announce(faults.textContent);
  };
  say();
  return { element, add };
}

function madeTable(body) {
  const head = ["Name", "Class", "Probability"].map((text, place) => make(place === 2 ? "th.number" : "th", { text, scope: "col" }));
  return make("div.scroll", { tabindex: "0", role: "region", "aria-label": "Your images and their answers" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), body));
}

async function readOrSay(session, file, fault) {
  const name = file.name ?? "image";
  try {
    return await readGiven(session.data, file.given ?? file, name);
  } catch (error) {
    fault(make("bdi", { text: name }), `: ${error instanceof CannotRead ? error.message : `it cannot be read (${error.message})`}.`);
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
