// Many "what ifs" in a row, in the worker, one message each: the page stays awake, and each can be stopped.
import { readExample } from "./files.js";

// Slots of the engine that belong to one trial.
class TrialSlots {
  static count = 0;

  constructor(session) {
    this.session = session;
    const number = ++TrialSlots.count;
    [this.own, this.mirrored] = [`trial ${number}`, `trial ${number}, mirrored`];
  }

  // The answer to an image in them.
  async answerTo(image) {
    const run = (slot, pixels) => this.session.client.ask("run", { pixels, slot });
    return this.session.answerOf(image, await run(this.own, image.pixels), (pixels) => run(this.mirrored, pixels));
  }

  async forget() {
    await Promise.all([this.own, this.mirrored].map((slot) => this.session.client.ask("forget", { slot })));
  }
}

// False as soon as a trial has no point any more: `signal` is aborted, or the network or the image it is about is another one.
function trialGuard(session, signal, { image = false } = {}) {
  const { edits } = session, shown = session.image;
  return () => !signal.aborted && session.edits === edits && (!image || session.image === shown);
}

// act(slots, goesOn) → what a trial found, or null where it was stopped.
async function trialOf(session, { signal, image }, act) {
  const slots = new TrialSlots(session), goesOn = trialGuard(session, signal, { image });
  try {
    const found = await act(slots, goesOn);
    return goesOn() ? found : null;
  } finally {
    await slots.forget();
  }
}

// What becomes of the answer to the image without each filter of a value, one after the other.
// value: what the filters hand on; channels: which of them; heard(done, all): after each.
// Gives [{channel, answer}], or null where it was stopped.
export function withoutEach(session, { value, channels, signal, heard }) {
  const { image } = session;
  return trialOf(session, { signal, image: true }, async (slots, goesOn) => {
    const found = [], ask = (slot, channel) => session.client.ask("without", { slot, value, channels: [channel] });
    await slots.answerTo(image);
    for (const channel of channels) {
      if (!goesOn()) return null;
      found.push({ channel, answer: await session.answerOf(image, await ask(slots.own, channel), () => ask(slots.mirrored, channel)) });
      heard(found.length, channels.length);
    }
    return found;
  });
}

// The answers to changed images: [{...change, answer}], or null where it was stopped. changes: [{pixels, ...}].
export function answersTo(session, { changes, signal, heard }) {
  return trialOf(session, { signal, image: true }, async (slots, goesOn) => {
    const found = [];
    for (const change of changes) {
      if (!goesOn()) return null;
      found.push({ ...change, answer: await slots.answerTo({ pixels: change.pixels }) });
      heard(found.length, changes.length);
    }
    return found;
  });
}

const trainedAnswers = new WeakMap();  // example → its answer by the network as it was trained

// All examples of the page, before the edits and with them: [{image, before, after}], or null where it was stopped.
// read: an example → an image.
export function examplesWithEdits(session, { signal, heard, read = readExample }) {
  const { examples } = session.data;
  return trialOf(session, { signal }, async (slots, goesOn) => {
    const found = [];
    for (const example of examples) {
      if (!goesOn()) return null;
      const image = await read(example);
      if (!trainedAnswers.has(example)) trainedAnswers.set(example, await session.answerTo(image, { trained: true }));
      found.push({ image, before: trainedAnswers.get(example), after: await slots.answerTo(image) });
      heard(found.length, examples.length);
    }
    return found;
  });
}
