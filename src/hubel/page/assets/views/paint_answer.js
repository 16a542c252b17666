// The answer to the original beside that to the changed image, and some maps that follow.
import { make } from "../parts/dom.js";
import { percent } from "../parts/numbers.js";
import { pairedBars } from "../parts/paired.js";
import { drawMap, scaleOf } from "../parts/tiles.js";

const MOST_MAPS = 16;

export function paintAnswer(session, easel) {
  const words = make("p.edit-says"), table = make("div.scroll", { tabindex: "0", role: "region", "aria-label": "Class probabilities of the original and of the changed image" });
  const maps = paintMaps(session), element = make("section.paint-answer.card", { "aria-label": "The answer" }, make("h3", { text: "The answer follows" }), words, table, maps.element);
  const before = originalAnswer(session, easel);
  const draw = async () => {
    const { answer } = session;
    if (!answer || !easel.painting) return;
    const original = await before();
    if (original) {
      words.replaceChildren(...paintedSentence(original, answer));
      table.replaceChildren(pairedBars(session.data.classifier.class_names, original.probabilities, answer.probabilities, { words: { before: "Original", after: "Now", caption: "Class probabilities of the original and of the changed image" } }));
    }
    await maps.draw();
  };
  return { element, draw };
}

// The answer to the original by the network as it is now: computed once for each.
function originalAnswer(session, easel) {
  let kept = { answer: null, edits: null };
  return async () => {
    const { original } = easel.painting, { edits } = session;
    if (session.answer.image === original) kept = { answer: session.answer, edits };
    else if (kept.answer?.image !== original || kept.edits !== edits) kept = { answer: await session.answerTo(original), edits };
    return kept.answer;
  };
}

function paintedSentence(before, now) {
  const name = (answer) => make("bdi", { text: answer.className });
  if (before.image === now.image) return ["The original: ", make("strong", {}, name(now)), ` with ${percent(now.probability)}.`];
  if (before.best === now.best) return ["The answer stays ", make("strong", {}, name(now)), `: ${percent(now.probability)} instead of ${percent(before.probability)}.`];
  return ["The answer is ", make("strong", {}, name(now)), ` now, with ${percent(now.probability)}; of the original it is `, name(before), "."];
}

function paintMaps(session) {
  const layer = make("select", { onchange: () => session.select({ layer: layer.value }) }), field = make("div.paint-maps", { role: "group", "aria-label": "Feature maps" });
  layer.append(...session.data.layers.filter(({ output }) => output.length === 3 && output[0] * output[1] > 1).map(({ name }) => make("option", { value: name, text: name })));
  const more = make("span.muted"), element = make("div.paint-follow", {}, make("div.edit-row", {}, make("label", {}, "Maps of ", layer), more), field);
  let canvases = [];
  const draw = async () => {
    layer.value = session.layer;
    if (!layer.value) return field.replaceChildren();
    const value = await session.current(() => session.layerValue(session.layer));
    if (!value) return undefined;
    const channels = value.shape.at(-1), count = Math.min(MOST_MAPS, channels), scale = scaleOf(value.data);
    if (canvases.length !== count || !field.firstChild) {
      canvases = Array.from({ length: count }, () => make("canvas", { role: "img" }));
      field.replaceChildren(...canvases);
    }
    canvases.forEach((canvas, channel) => {
      drawMap(canvas, value, channel, scale);
      canvas.setAttribute("aria-label", `Map ${channel}`);
    });
    more.textContent = channels > count ? `the first ${count} of ${channels}` : "";
    return undefined;
  };
  return { element, draw };
}
