// The feature maps of a layer.
import { make } from "../parts/dom.js";
import { drawMap, scaleOf } from "../parts/tiles.js";

export const maps = {
  id: "maps",
  title: "Feature maps",
  about: "What each filter of a layer makes of the image.",
  make(root, session) {
    const choice = make("select", { onchange: () => session.select({ layer: choice.value }) });
    for (const layer of session.data.layers) choice.append(make("option", { text: `${layer.name}: ${layer.output.join(" × ")}`, value: layer.name }));
    const field = make("div.tiles");
    root.append(make("label", {}, "Layer ", choice), field);
    const draw = async () => {
      choice.value = session.layer;
      if (!session.image) return;
      const value = await session.layerValue(session.layer);
      const count = value.shape.at(-1), scale = scaleOf(value.data);
      field.replaceChildren(...Array.from({ length: count }, (_, channel) => {
        const canvas = make("canvas", { role: "img", "aria-label": `map ${channel}` });
        drawMap(canvas, value, channel, scale);
        canvas.addEventListener("click", () => session.select({ channel }));
        return canvas;
      }));
    };
    session.on("values select", draw);
  },
};
