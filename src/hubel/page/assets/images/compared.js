// A second image beside the first: the views show both.
import { make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { readExample } from "../session/files.js";
import { imageCanvas } from "./image_canvas.js";

export function comparedImage(session) {
  const { examples } = session.data, canvas = imageCanvas(session.data.graph.image_size), words = make("figcaption");
  const figure = make("figure.image-compared", {}, canvas.element, words), choice = make("select", { "aria-label": "Compare with" });
  const fill = () => {
    const own = session.other && !examples.some(({ path }) => path === session.other.name) ? [make("option", { value: "own", text: session.other.name })] : [];
    choice.replaceChildren(
      make("option", { value: "", text: "no other image" }), ...own, make("option", { value: "this", text: "the image shown now" }),
      ...examples.map((each, place) => make("option", { value: String(place), text: `${each.class_name}: ${each.path}` })));
    const at = examples.findIndex(({ path }) => path === session.other?.name);
    choice.value = at >= 0 ? String(at) : own.length ? "own" : "";
  };
  choice.addEventListener("change", async () => {
    const { value } = choice;
    if (value === "own") return;
    await session.setOther(value === "" ? null : value === "this" ? session.image : await readExample(examples[Number(value)]));
    draw();
  });
  const draw = () => {
    const { other, otherAnswer } = session;
    fill();
    figure.hidden = !other;
    if (!other) return;
    canvas.draw(other.pixels, `${other.name}, to compare with`);
    const says = otherAnswer ? [make("bdi", { text: otherAnswer.className }), ` ${percent(otherAnswer.probability)}`] : [];
    words.replaceChildren(make("bdi.image-name", { text: other.name }), ...says);
  };
  session.on("image answer", draw);
  draw();
  return make("section.image-other", { "aria-label": "Compare" }, make("label", {}, "Compare with ", choice), figure);
}
