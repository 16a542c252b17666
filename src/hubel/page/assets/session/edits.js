// What was changed in the network, as a list with a past and a future. A list is never changed in place.

// An edit: {kind: "weight", step, part, before, after, words, same} or {kind: "off", value, channel, words}.
// before and after are whole weights, Float32Array; `same` marks edits that take each other's place, such as the digits of one number.
export class Edits {
  constructor() {
    this.list = [];
    this.past = [];
    this.future = [];
  }

  #become(list) {
    this.past.push(this.list);
    this.list = list;
    this.future = [];
  }

  add(edit) {
    const last = this.list.at(-1);
    if (last && edit.same !== undefined && edit.same === last.same && !this.future.length) {
      this.list = [...this.list.slice(0, -1), { ...edit, before: last.before }];
    } else this.#become([...this.list, edit]);
  }

  remove(edit) {
    if (this.list.includes(edit)) this.#become(this.list.filter((each) => each !== edit));
  }

  clear() {
    if (this.list.length) this.#become([]);
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.list);
    this.list = this.past.pop();
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.list);
    this.list = this.future.pop();
    return true;
  }
}

const WEIGHT = "\n";  // parts a step's name from its weight's: no name has it

export const weightKey = (step, part) => `${step}${WEIGHT}${part}`;

export const fromWeightKey = (key) => key.split(WEIGHT);

// The network that a list of edits asks for: {weights: key → Float32Array, off: value → its channels, as one text}.
export function wishOf(edits) {
  const weights = new Map(), off = new Map();
  for (const edit of edits) {
    if (edit.kind === "weight") weights.set(weightKey(edit.step, edit.part), edit.after);
    else off.set(edit.value, new Set(off.get(edit.value)).add(edit.channel));
  }
  return { weights, off: new Map([...off].map(([value, channels]) => [value, [...channels].sort((a, b) => a - b).join(" ")])) };
}

// "edited: 2 changes", as the page says it everywhere.
export const editsInWords = (edits) => `edited: ${edits.length} ${edits.length === 1 ? "change" : "changes"}`;
