// One filter: its kernel in numbers that can be changed, its bias, and its map before and after.
import { make } from "../parts/dom.js";
import { short } from "../parts/numbers.js";
import { layersWithKernel, selectFilter } from "../session/chains.js";
import { editMaps } from "./edit_maps.js";
import { KERNEL_CHOICES, asStrongAs, kernelLayout, readSlice, withSlices } from "./edit_kernels.js";

const MOST_TAPS = 400;  // numbers in one grid

export function editFilter(session) {
  const state = { slice: 0, all: false, strong: false, seed: 1, subject: null, layout: null };
  const heading = make("h3", { text: "One filter" }), chooser = editChooser(session), maps = editMaps(session);
  const slices = editSlices(state, () => draw(state.subject)), grid = editGrid(session, state);
  const choices = editChoices(session, state), bias = editBias(session), note = make("p.edit-note.muted");
  const element = make("section.edit-filter.card", { "aria-label": "One filter" },
    heading, chooser.element, maps.element, slices.element, grid.element, choices.element, bias.element, note);
  async function draw(subject) {
    const drawn = Promise.all([bias.draw(subject), maps.draw(subject)]);
    const { kernel } = await session.weights(subject.step.name);
    state.subject = subject;
    state.layout = kernelLayout(subject.step, kernel.shape);
    state.slice = Math.min(state.slice, state.layout.slices - 1);
    heading.textContent = `Filter ${subject.filter} of ${subject.step.name}`;
    chooser.draw(subject);
    slices.draw();
    grid.draw(kernel.data);
    choices.draw();
    note.textContent = state.layout.local ? `This layer has weights of its own at each place: these are of row ${editAt(session, subject)[0]}, column ${editAt(session, subject)[1]}.` : "";
    await drawn;
  }
  return { element, draw };
}

// The place in the step's map that is selected: where each place has weights of its own, those that are edited.
function editAt(session, { step }) {
  return step.shape.length === 3 ? session.at.map((place, axis) => Math.min(place, step.shape[axis] - 1)) : [0, 0];
}

function editChooser(session) {
  const layers = layersWithKernel(session), names = new Map(layers.map(({ layer, step }) => [step, layer]));
  let about = null;
  const layer = make("select", { onchange: () => session.select({ layer: names.get(layer.value) }) });
  layer.append(...layers.map((each) => make("option", { value: each.step, text: each.layer })));
  const filter = make("input", { type: "number", min: "0", step: "1", onchange: () => selectFilter(session, about.step, Number(filter.value)) });
  const count = make("span.muted");
  const element = make("div.edit-row", {}, make("label", {}, "Layer ", layer), make("label", {}, "Filter ", filter), count);
  return {
    element,
    draw(subject) {
      about = subject;
      layer.value = subject.step.name;
      count.textContent = `0 to ${subject.filters - 1}`;
      filter.max = String(subject.filters - 1);
      if (document.activeElement !== filter) filter.value = String(subject.filter);
    },
  };
}

// Which part of the kernel: that of one input channel, or of all.
function editSlices(state, changed) {
  const slice = make("input", { type: "number", min: "0", step: "1", value: "0" }), word = make("span.muted");
  slice.addEventListener("change", () => { state.slice = Math.min(Math.max(Math.floor(Number(slice.value) || 0), 0), state.layout.slices - 1); changed(); });
  const all = make("input", { type: "checkbox", onchange: () => { state.all = all.checked; changed(); } });
  const element = make("div.edit-row", {}, make("label", {}, "From input channel ", slice), word, make("label", {}, all, " all of them alike"));
  return {
    element,
    draw() {
      const { slices, input } = state.layout;
      element.hidden = slices < 2 && state.subject.step.kind !== "depthwise_convolution";
      slice.max = String(slices - 1);
      slice.disabled = state.all || slices < 2;
      all.disabled = slices < 2;
      if (document.activeElement !== slice) slice.value = String(state.slice);
      const colours = slices === 3 && state.subject.step.shape.length === 3 ? [" (red)", " (green)", " (blue)"] : null;
      word.textContent = state.all ? `0 to ${slices - 1}: the numbers are their means` : `channel ${input(state.subject.filter, state.slice)} of its input${colours?.[state.slice] ?? ""}, of ${slices}`;
    },
  };
}

// {filter, slice, at} of what is shown.
const editPlace = (session, state) => ({ filter: state.subject.filter, slice: state.all ? "all" : state.slice, at: editAt(session, state.subject) });

const sliceInWords = (state) => (state.layout.slices < 2 ? "" : state.all ? ", all inputs" : `, input ${state.slice}`);

function editGrid(session, state) {
  const element = make("div.edit-grid", { role: "group", "aria-label": "Kernel" });
  let shape = "", inputs = [], last = null;
  const put = (row, column, text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) return;
    const { subject, layout } = state, place = editPlace(session, state), where = `${sliceInWords(state)}, row ${row}, column ${column}`;
    session.edit({
      kind: "weight", step: subject.step.name, part: "kernel",
      after: (data) => withSlices(layout, data, place, (rows) => rows.map((each, down) => each.map((old, across) => (down === row && across === column ? value : old)))),
      words: `${subject.step.name}, filter ${subject.filter}${where}: ${short(value)}`,
      same: `${subject.step.name}\n${JSON.stringify(place)}\n${row}\n${column}`,
    });
  };
  const build = (rows, columns) => {
    element.style.setProperty("--columns", columns);
    inputs = Array.from({ length: rows * columns }, (_, place) => {
      const row = Math.floor(place / columns), column = place % columns;
      const input = make("input", { type: "number", step: "any", "aria-label": `Weight, row ${row}, column ${column}`, oninput: () => put(row, column, input.value), onblur: () => draw(last) });
      return input;
    });
    element.replaceChildren(...inputs);
  };
  function draw(data) {
    const { rows, columns } = state.layout;
    last = data;
    if (rows * columns > MOST_TAPS) return element.replaceChildren(make("p.muted", { text: `${rows} × ${columns} numbers are too many to show here.` }));
    if (shape !== `${rows} ${columns}`) build(rows, columns);
    shape = `${rows} ${columns}`;
    const values = readSlice(state.layout, data, editPlace(session, state)).flat(), most = Math.max(...values.map(Math.abs)) || 1;
    inputs.forEach((input, place) => {
      if (document.activeElement !== input) input.value = String(Number(values[place].toPrecision(columns <= 3 ? 4 : columns <= 5 ? 3 : 2)));
      input.title = String(values[place]);
      input.classList.toggle("below", values[place] < 0);
      input.style.setProperty("--share", `${Math.round(60 * Math.abs(values[place]) / most)}%`);
    });
    return undefined;
  }
  return { element, draw };
}

function editChoices(session, state) {
  const seed = make("input", { type: "number", step: "1", value: "1", min: "0" });
  const strong = make("input", { type: "checkbox" }), buttons = new Map();
  const put = (id) => {
    const { label, make: made } = KERNEL_CHOICES[id], { subject, layout } = state, keeps = strong.checked, start = Number(seed.value) || 0;
    session.edit({
      kind: "weight", step: subject.step.name, part: "kernel",
      after: (data) => withSlices(layout, data, editPlace(session, state), (old, slice) => {
        const kernel = made(layout.rows, layout.columns, old, start + 7919 * slice);
        return keeps ? asStrongAs(kernel, old) : kernel;
      }),
      words: `${subject.step.name}, filter ${subject.filter}${sliceInWords(state)}: ${label}`,
    });
  };
  for (const [id, { label, about }] of Object.entries(KERNEL_CHOICES)) buttons.set(id, make("button.quiet", { type: "button", text: label, title: about, "data-kernel": id, onclick: () => put(id) }));
  const element = make("div.edit-choices", {},
    make("div.edit-buttons", { role: "group", "aria-label": "Kernels to choose from" }, ...buttons.values()),
    make("div.edit-row", {}, make("label", {}, strong, " as strong as the kernel it replaces"), make("label", {}, "Seed of random ", seed)));
  return {
    element,
    draw() {
      const smaller = Math.min(state.layout.rows, state.layout.columns);
      for (const [id, button] of buttons) button.disabled = smaller < KERNEL_CHOICES[id].least;
    },
  };
}

// The number that is added: the bias of the step, or the offset of the normalisation behind it.
function editBias(session) {
  const input = make("input", { type: "number", step: "any" }), word = make("span", { text: "Bias " }), trained = make("span.muted");
  const element = make("div.edit-row", {}, make("label", {}, word, input), trained);
  let found = null, filter = 0;
  input.addEventListener("input", () => {
    const value = Number(input.value), at = filter;
    if (!found || input.value.trim() === "" || !Number.isFinite(value)) return;
    session.edit({
      kind: "weight", step: found.step, part: found.part,
      after: (data) => data.map((old, place) => (place === at ? value : old)),
      words: `${found.step}, ${found.part} of filter ${at}: ${short(value)}`,
      same: `${found.step}\n${found.part}\n${at}`,
    });
  });
  const draw = async (subject) => {
    filter = subject.filter;
    found = null;
    for (const [step, part] of [[subject.chain[0], "bias"], [subject.chain[1], "offset"]]) {
      const weight = step && session.steps.get(step).weights[part] ? (await session.weights(step))[part] : null;
      if (found || weight?.data.length !== subject.filters) continue;
      found = { step, part };
      word.textContent = part === "bias" ? "Bias " : "Offset of its normalisation ";
      if (document.activeElement !== input) input.value = String(Number(weight.data[filter].toPrecision(4)));
      input.title = String(weight.data[filter]);
    }
    element.hidden = !found;
  };
  return { element, draw };
}
