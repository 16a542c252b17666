// What the page offers to scripts: `window.hubel`, a contract.
import { readGiven } from "./files.js";
import { MAIN } from "./session.js";

// ready: settles when the engine has its weights.
export function offerToScripts(session, ready) {
  const { class_names: names } = session.data.classifier;
  window.hubel = {
    classNames: [...names],
    ready: ready.then(() => undefined),
    // An ImageData or a Blob → its answer; the views show it too.
    async predict(image) {
      await ready;
      const answer = await session.setImage(await readGiven(session.data, image), { each: true });
      return answerForScripts(names, answer);
    },
    // A layer of the image predicted last, by the name that `hubel anatomy` prints.
    async layer(name) {
      await ready;
      const layer = session.layers.get(name);
      if (!layer) throw new Error(`There is no layer named ${name}. There are: ${[...session.layers.keys()].join(", ")}.`);
      if (!session.answer) throw new Error("No image was predicted yet.");
      const value = await session.layerValue(name, MAIN);
      return { shape: [...layer.output], data: Float32Array.from(value.data) };
    },
  };
}

// A class may have any name, also `__proto__`: entries become properties of the object itself.
export function answerForScripts(names, answer) {
  return {
    className: answer.className,
    probability: answer.probability,
    probabilities: Object.fromEntries(names.map((name, place) => [name, answer.probabilities[place]])),
    logits: Float32Array.from(answer.logits),
  };
}
