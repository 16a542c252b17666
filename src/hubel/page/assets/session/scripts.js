// What the page offers to scripts: `window.hubel`, a contract.
import { MAIN } from "./session.js";

// ready: settles when the engine has its weights.
export function offerToScripts(session, ready) {
  const named = (answer) => ({
    className: answer.className,
    probability: answer.probability,
    probabilities: Object.fromEntries(session.data.classifier.class_names.map((name, place) => [name, answer.probabilities[place]])),
    logits: Float32Array.from(answer.logits),
  });
  window.hubel = {
    classNames: session.data.classifier.class_names,
    ready: ready.then(() => undefined),
    // An ImageData or a Blob → its answer; the views show it too.
    async predict(image) {
      await ready;
      return named(await session.setImage(await session.read(image), { each: true }));
    },
    // A layer of the image predicted last, by the name that `hubel anatomy` prints.
    async layer(name) {
      const value = await session.layerValue(name, MAIN);
      return { shape: value.shape, data: Float32Array.from(value.data) };
    },
  };
}
