// Does this browser compute what the classifier computed? The page carries the classifier's own logits of its example images.
import { readExample } from "./files.js";

// Says so in a place of the page, as soon as it is known.
export async function showCheck(session, place) {
  const found = await checkBrowser(session);
  if (found) place.textContent = wordsOfCheck(found);
}

// Computes the examples one by one, between what else is asked for. Gives {checked, alike, largest: a share of the range of
// all logits}, or null where the page carries none.
export async function checkBrowser(session) {
  const { logits = {}, limit } = session.data.checks ?? {};
  const expected = Object.entries(logits).map(([place, row]) => ({ example: session.data.examples[place], row }));
  if (!expected.length) return null;
  const all = expected.flatMap(({ row }) => row), spread = Math.max(...all) - Math.min(...all) || 1;
  let alike = 0, largest = 0;
  for (const { example, row } of expected) {
    const { data } = (await glanceUnedited(session, (await readExample(example)).pixels)).logits;
    const apart = Math.max(...row.map((logit, place) => Math.abs(logit - data[place]))) / spread;
    if (apart <= limit) alike++;
    largest = Math.max(largest, Number.isNaN(apart) ? Infinity : apart);
  }
  return { checked: expected.length, alike, largest };
}

// The trained network's outputs: where somebody has edited it, wait until that is undone.
async function glanceUnedited(session, pixels) {
  for (;;) {
    while (session.edits.length) await nextEdit(session);
    const made = await session.client.ask("glance", { pixels });
    if (!session.edits.length) return made;
  }
}

function nextEdit(session) {
  return new Promise((resolve) => {
    const end = session.on("edits", () => {
      end();
      resolve();
    });
  });
}

// What was found, in words.
export function wordsOfCheck({ checked, alike, largest }) {
  const images = checked === 1 ? "image" : "images";
  if (alike === checked) {
    return `This browser computed ${checked} of ${checked} ${images} as the classifier did; the largest difference of a logit is ${largest.toExponential(1)} of their range.`;
  }
  return `This browser computed ${checked - alike} of ${checked} ${images} otherwise than the classifier did. Do not trust its answers; try another browser.`;
}
