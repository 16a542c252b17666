// The map of the filter that is edited: as the network was trained, and now.
import { make } from "../parts/dom.js";
import { short } from "../parts/numbers.js";
import { drawMap, scaleOf } from "../parts/tiles.js";

// One channel of a value, with its own scale.
function oneChannel({ shape, data }, channel) {
  const channels = shape.at(-1), places = data.length / channels;
  return { shape: shape.length === 3 ? [shape[0], shape[1], 1] : [1], data: Float32Array.from({ length: places }, (_, place) => data[place * channels + channel]) };
}

function editMapFigure(caption) {
  const canvas = make("canvas", { role: "img", "aria-label": caption }), words = make("span.muted"), title = make("span", { text: caption });
  return {
    element: make("figure.edit-map", {}, canvas, make("figcaption", {}, title, make("br"), words)),
    draw(value, name) {
      const scale = scaleOf(value.data);
      drawMap(canvas, value, 0, scale);
      title.textContent = `${caption}`;
      words.textContent = value.data.length > 1 ? `${short(scale.least)} to ${short(scale.most)}` : short(value.data[0]);
      canvas.setAttribute("aria-label", `${caption}, ${name}: ${words.textContent}`);
    },
  };
}

export function editMaps(session) {
  const rows = [0, 1].map(() => ({ title: make("p.edit-map-title"), before: editMapFigure("as trained"), now: editMapFigure("now") }));
  const boxes = rows.map(({ title, before, now }) => make("div.edit-map-pair", {}, title, before.element, now.element));
  const element = make("div.edit-maps", {}, ...boxes);
  let kept = { key: null, values: null };
  // Values of the network as it was trained: computed once for an image, and only where something is edited.
  const asTrained = async (names) => {
    if (!session.edits.length) return null;
    const key = `${names}`, { image } = session;
    if (kept.key !== key || kept.image !== image) kept = { key, image, values: (await session.client.ask("trained", { pixels: image.pixels, names })).values };
    return kept.values;
  };
  const draw = async ({ chain, filter }) => {
    if (!session.answer) return;
    const names = chain.length > 1 ? [chain[0], chain.at(-1)] : [chain[0]];
    const now = await session.current(() => Promise.all(names.map((name) => session.value(name))));
    if (!now) return;
    const busy = session.busy && kept.image !== session.image;
    const before = busy ? null : await asTrained(names);
    names.forEach((name, place) => {
      const { title, ...figures } = rows[place];
      title.textContent = place === 0 ? `What the kernel makes (${name})` : `What is handed on (${name})`;
      figures.now.draw(oneChannel(now[place], filter), name);
      if (!busy) figures.before.draw(oneChannel(before?.[name] ?? now[place], filter), name);
    });
    boxes[1].hidden = names.length < 2;
  };
  return { element, draw };
}
