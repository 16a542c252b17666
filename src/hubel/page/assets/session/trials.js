// Many "what ifs" in a row, in the worker, one message each: the page stays awake, and each can be stopped.
import { readExample } from "./files.js";

const TRIAL = "trial", TRIAL_MIRRORED = "trial mirrored";

// A trial ends as soon as `signal` is aborted, or the network or the image it is about is another one.
function trialGuard(session, signal, { image = false } = {}) {
  const { edits } = session, shown = session.image;
  return () => !signal.aborted && session.edits === edits && (!image || session.image === shown);
}

async function forgetTrials(session) {
  await Promise.all([TRIAL, TRIAL_MIRRORED].map((slot) => session.client.ask("forget", { slot })));
}

// The answer to pixels in a slot of its own, which is forgotten at the end.
export async function triedAnswer(session, image) {
  const made = await session.client.ask("run", { pixels: image.pixels, slot: TRIAL });
  return session.answerOf(image, made, (pixels) => session.client.ask("run", { pixels, slot: TRIAL_MIRRORED }));
}

// What becomes of the answer to the image without each filter of a value, one after the other.
// value: what the filters hand on; channels: which of them; heard(done, all): after each.
// Gives [{channel, answer}], or null where it was stopped.
export async function withoutEach(session, { value, channels, signal, heard }) {
  const goesOn = trialGuard(session, signal, { image: true }), { image } = session, found = [];
  try {
    await triedAnswer(session, image);
    for (const channel of channels) {
      if (!goesOn()) return null;
      const ask = (slot) => session.client.ask("without", { slot, value, channels: [channel] });
      const answer = await session.answerOf(image, await ask(TRIAL), () => ask(TRIAL_MIRRORED));
      found.push({ channel, answer });
      heard(found.length, channels.length);
    }
    return goesOn() ? found : null;
  } finally {
    await forgetTrials(session);
  }
}

// The answers to images of changes: [{...change, answer}], or null where it was stopped. changes: [{pixels, ...}].
export async function answersTo(session, { changes, signal, heard }) {
  const goesOn = trialGuard(session, signal, { image: true }), found = [];
  try {
    for (const change of changes) {
      if (!goesOn()) return null;
      found.push({ ...change, answer: await triedAnswer(session, { pixels: change.pixels }) });
      heard(found.length, changes.length);
    }
    return goesOn() ? found : null;
  } finally {
    await forgetTrials(session);
  }
}

const trainedAnswers = new WeakMap();  // example → its answer by the network as it was trained

// All examples of the page, before the edits and with them: [{image, before, after}], or null where it was stopped.
export async function examplesWithEdits(session, { signal, heard }) {
  const goesOn = trialGuard(session, signal), found = [], { examples } = session.data;
  try {
    for (const example of examples) {
      if (!goesOn()) return null;
      const image = await readExample(example);
      if (!trainedAnswers.has(example)) trainedAnswers.set(example, await session.answerTo(image, { trained: true }));
      found.push({ image, before: trainedAnswers.get(example), after: await triedAnswer(session, image) });
      heard(found.length, examples.length);
    }
    return goesOn() ? found : null;
  } finally {
    await forgetTrials(session);
  }
}

