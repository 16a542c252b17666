// Kernels to choose from, as hubel.arithmetic.kernels has them, and where the numbers of one filter lie in a weight.

const EDIT_SOBEL_ACROSS = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], EDIT_SOBEL_DOWN = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]];
const EDIT_SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]], EDIT_EDGE = [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]];
const EDIT_GAUSSIAN = [[1, 2, 1], [2, 4, 2], [1, 2, 1]].map((row) => row.map((each) => each / 16));

const kernelFilled = (rows, columns, make) => Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (__, column) => make(row, column)));

// A small kernel in the middle of a larger one; of an even number of rows, the middle is the one above it.
function placedKernel(small, rows, columns) {
  const above = Math.floor((rows - 1) / 2) - 1, before = Math.floor((columns - 1) / 2) - 1;
  return kernelFilled(rows, columns, (row, column) => small[row - above]?.[column - before] ?? 0);
}

const kernelOfThree = (small) => ({ least: 3, make: (rows, columns) => placedKernel(small, rows, columns) });

// id → {label, about, least rows and columns, make(rows, columns, old, seed) → rows of numbers}
export const KERNEL_CHOICES = {
  "sobel-x": { label: "Sobel, across", about: "change from left to right: vertical edges", ...kernelOfThree(EDIT_SOBEL_ACROSS) },
  "sobel-y": { label: "Sobel, down", about: "change from top to bottom: horizontal edges", ...kernelOfThree(EDIT_SOBEL_DOWN) },
  box: { label: "Blur", about: "the average of the window", least: 2, make: (rows, columns) => kernelFilled(rows, columns, () => 1 / (rows * columns)) },
  gaussian: { label: "Soft blur", about: "near values count more", ...kernelOfThree(EDIT_GAUSSIAN) },
  sharpen: { label: "Sharpen", about: "adds what differs from the neighbours", ...kernelOfThree(EDIT_SHARPEN) },
  edge: { label: "Edge", about: "a value against its eight neighbours", ...kernelOfThree(EDIT_EDGE) },
  identity: { label: "Identity", about: "leaves its input as it is", least: 1, make: (rows, columns) => kernelFilled(rows, columns, (row, column) => Number(row === Math.floor((rows - 1) / 2) && column === Math.floor((columns - 1) / 2))) },
  zero: { label: "Zero", about: "hears nothing of this input", least: 1, make: (rows, columns) => kernelFilled(rows, columns, () => 0) },
  negative: { label: "Negative", about: "every number with the other sign", least: 1, make: (rows, columns, old) => kernelFilled(rows, columns, (row, column) => -old[row][column]) },
  random: { label: "Random", about: "normal numbers, as widely spread as those they replace", least: 1, make: randomKernel },
};

// Normal numbers that a seed decides, with the spread of the old ones (1 where they have none).
function randomKernel(rows, columns, old, seed) {
  const next = seededNormal(seed), spread = Math.sqrt(strengthOf(old) / (rows * columns)) || 1;
  return kernelFilled(rows, columns, () => next() * spread);
}

// Uniform numbers by mulberry32 (Tommy Ettinger, public domain), made normal by Box and Muller's formula.
export function seededNormal(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

// Sum of the squares.
export const strengthOf = (kernel) => kernel.flat().reduce((sum, each) => sum + each * each, 0);

// The same kernel with the strength of another one; a kernel of zeros stays one.
export function asStrongAs(kernel, other) {
  const own = strengthOf(kernel), factor = own ? Math.sqrt(strengthOf(other) / own) : 1;
  return kernel.map((row) => row.map((each) => each * factor));
}

// How a step's kernel is made: {rows, columns, slices, filters, place(filter, slice, row, column, at) → index in its data,
// input(filter, slice) → channel of the step's input}. at: the place in the map, where each has weights of its own.
export function kernelLayout(step, shape) {
  if (step.kind === "dense") {
    const [slices, filters] = shape;
    return { rows: 1, columns: 1, slices, filters, place: (filter, slice) => slice * filters + filter, input: (_, slice) => slice };
  }
  if (step.kind === "local_convolution") {
    const [, across, rows, columns, slices, filters] = shape;
    const place = (filter, slice, row, column, [down, right]) => ((((down * across + right) * rows + row) * columns + column) * slices + slice) * filters + filter;
    return { rows, columns, slices, filters, place, input: (_, slice) => slice, local: true };
  }
  const [rows, columns, taken, last] = shape;
  if (step.kind === "depthwise_convolution") {
    const filters = taken * last;
    return { rows, columns, slices: 1, filters, place: (filter, _, row, column) => (row * columns + column) * filters + filter, input: (filter) => Math.floor(filter / last) };
  }
  const perGroup = last / (step.attributes.groups ?? 1);
  return {
    rows, columns, slices: taken, filters: last,
    place: (filter, slice, row, column) => ((row * columns + column) * taken + slice) * last + filter,
    input: (filter, slice) => Math.floor(filter / perGroup) * taken + slice,
  };
}

// One slice of a filter as rows of numbers; slice "all": the mean over all of them.
export function readSlice(layout, data, { filter, slice, at }) {
  const one = (each) => kernelFilled(layout.rows, layout.columns, (row, column) => data[layout.place(filter, each, row, column, at)]);
  if (slice !== "all") return one(slice);
  const sums = kernelFilled(layout.rows, layout.columns, () => 0);
  for (let each = 0; each < layout.slices; each++) one(each).forEach((row, down) => row.forEach((value, across) => { sums[down][across] += value / layout.slices; }));
  return sums;
}

// The weight's data with other numbers. change(old rows, slice) → rows, for the slice that is chosen, or each of "all".
export function withSlices(layout, data, { filter, slice, at }, change) {
  const made = Float32Array.from(data), slices = slice === "all" ? Array.from({ length: layout.slices }, (_, each) => each) : [slice];
  for (const each of slices) {
    const rows = change(readSlice(layout, data, { filter, slice: each, at }), each);
    rows.forEach((row, down) => row.forEach((value, across) => { made[layout.place(filter, each, down, across, at)] = value; }));
  }
  return made;
}
