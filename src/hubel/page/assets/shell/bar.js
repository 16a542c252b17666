// On a phone the images are a bar: what is looked at and its answer; the rest unfolds from it.
import { get, make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { drawPixels } from "../parts/tiles.js";

export function showBar(session) {
  const bar = get("images-bar"), canvas = make("canvas.pixels", { "aria-hidden": "true" }), name = make("bdi", { text: "Choose an image" }), share = make("span.muted");
  const word = make("span.bar-word", { text: "Images" });
  bar.append(canvas, make("span.bar-answer", {}, name, " ", share), word);
  bar.addEventListener("click", () => {
    const open = get("images").classList.toggle("open");
    bar.setAttribute("aria-expanded", String(open));
    word.textContent = open ? "Close" : "Images";
  });
  session.on("image answer", () => {
    const { image, answer } = session;
    if (image) drawPixels(canvas, image.pixels, session.data.graph.image_size);
    if (!answer) return;
    name.textContent = answer.className;
    share.textContent = percent(answer.probability);
  });
}
