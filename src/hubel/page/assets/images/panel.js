// The images beside the views: the one that is looked at with its answer, another to compare it with, and where to get more.
import { announce, get, make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { readExample } from "../session/files.js";
import { answerCard } from "./answer_card.js";
import { comparedImage } from "./compared.js";
import { imageExamples } from "./examples.js";
import { imageIntake } from "./intake.js";
import { imageCanvas } from "./image_canvas.js";
import { imageTable } from "./table.js";

const ANNOUNCED_AFTER_MS = 500;

// Fills the element with the id "images".
export function showImages(session) {
  const table = imageTable(session), examples = imageExamples(session);
  const intake = imageIntake(session, { add: (files) => table.add(files) });
  get("images").replaceChildren(
    intake.element, examples ?? "", table.element, shownImage(session), answerCard(session), comparedImage(session), howExact(),
  );
  announceAnswers(session);
}

// Not each of those that follow one another while somebody paints.
function announceAnswers(session) {
  let waiting = null;
  session.on("answer", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => announce(`${session.answer.className}, ${percent(session.answer.probability)}`), ANNOUNCED_AFTER_MS);
  });
}

// The first image of the page, if any travels in it.
export async function showFirstImage(session) {
  const [first] = session.data.examples;
  if (first) await session.setImage(await readExample(first));
}

function shownImage(session) {
  const canvas = imageCanvas(session.data.graph.image_size), name = make("bdi"), note = make("p.image-label");
  const figure = make("figure.image-shown", {}, canvas.element, make("figcaption", {}, make("p.image-name", {}, name), note));
  figure.hidden = true;
  const draw = () => {
    const { image } = session;
    figure.hidden = !image;
    if (!image) return;
    canvas.draw(image.pixels, `${image.name}, as it reaches the network`);
    name.textContent = image.name;
    note.replaceChildren(...labelWords(session));
  };
  session.on("image answer", draw);
  draw();
  return figure;
}

// What the image is, where that is known, and whether the classifier says so.
function labelWords({ image, answer }) {
  if (image.note) return [image.note];
  if (!image.label) return [];
  const label = make("bdi", { text: image.label });
  if (!answer) return ["It is ", label, "."];
  return ["It is ", label, answer.className === image.label ? ": the answer is right." : ": the answer is wrong."];
}

// Measured on photographs in Chromium 156 and Firefox 153, against Pillow 13.
function howExact() {
  return make("details.how-exact", {},
    make("summary", { text: "How exact is this?" }),
    make("p", { text: "The network sees the image above, at the size it works with. Of PNG files, and in Chromium of JPEG, WebP, GIF and BMP files too, these pixels are those that Hubel reads, level for level." }),
    make("p", { text: "Firefox cannot decode a large JPEG at a fraction of its size, as Hubel does. The levels of such images differ by less than 0.25 of 255 on average, and by up to 7 at single places; those of a WebP with soft transparency by up to 1. AVIF files may differ more." }),
    make("p", { text: "Colour profiles are left out, as in Hubel. TIFF, HEIC and camera files are not read here." }),
    make("p", { text: "Everything is computed in single precision, in another order than in training: probabilities may differ in the fourth digit." }));
}
