// "What if": other kernels, other biases, filters switched off, and what becomes of the answer.
import { make } from "../parts/dom.js";
import { drawnWhileSeen, undoneByKeys } from "../parts/seen.js";
import { chainOf, kernelStepOf, layersWithKernel, makesLogits } from "../session/chains.js";
import { editAnswer } from "./edit_answer.js";
import { editFilter } from "./edit_filter.js";
import { editList } from "./edit_list.js";
import { editOff } from "./edit_off.js";
import { editExamples } from "./edit_examples.js";

// What the view is about just now: {step, chain, value, filter, filters, isLogits}, or null where no layer has a kernel.
// value: what the filters of the step hand on, behind its normalisation and activation.
export function editSubject(session) {
  const step = session.steps.get(kernelStepOf(session, session.layer) ?? layersWithKernel(session)[0]?.step);
  if (!step) return null;
  const chain = chainOf(session, step.name), filters = step.shape.at(-1);
  return { step, chain, value: chain.at(-1), filter: Math.min(session.channel, filters - 1), filters, isLogits: makesLogits(session, step.name) };
}

export const edit = {
  id: "edit",
  title: "What if",
  about: "Change what the network has learned, or switch a filter off, and see what becomes of its answer.",
  make(root, session) {
    const parts = [editFilter, editAnswer, editList, editOff, editExamples].map((part) => part(session));
    const [filter, answer, list, ...wide] = parts.map(({ element }) => element);
    root.append(
      make("p.muted", { text: "None of this changes the classifier itself: load the page again, and everything is as it was trained." }),
      make("div.edit-panels", {}, filter, make("div.edit-side", {}, answer, list), ...wide),
    );
    const draw = drawnWhileSeen(root, async () => {
      const subject = editSubject(session);
      if (!subject) return;
      for (const step of subject.chain.slice(0, 2)) session.weights(step);  // all is asked for before the next edit is computed
      await Promise.all(parts.map((part) => part.draw(subject)));
    });
    session.on("values select edits answer busy", draw);
    undoneByKeys(root, () => session.undo(), () => session.redo());
    draw();
    return { shown: draw };
  },
};
