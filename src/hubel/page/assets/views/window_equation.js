// A window over a matrix without a network: its geometry, its results, and the arithmetic as a line, as `hubel convolve` has them.

// Decimals that show these numbers exactly, at most `most`.
export function digitsOf(values, most = 2) {
  for (let digits = 0; digits < most; digits++) if (values.every((value) => Math.abs(value - Math.round(value * 10 ** digits) / 10 ** digits) <= 1e-9)) return digits;
  return most;
}

// A number with so many decimals, ties to the even digit as in Python; nothing is 0, and never -0.
export function shownDigits(value, digits) {
  if (Math.abs(value) < 1e-12) return "0";
  const scaled = Math.abs(value) * 10 ** digits, floor = Math.floor(scaled), tie = scaled - floor === 0.5 && Number.isInteger(value * 2 ** (digits + 1));
  const text = (tie ? Math.sign(value) * (floor % 2 ? floor + 1 : floor) / 10 ** digits : value).toFixed(digits);
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}

// How a window lies on a matrix: {size: [rows, columns] of the result, padding: [[above, below], [before, after]], reach}; null where it does not fit.
// padding: "valid" or "same".
export function layWindow({ shape, window, strides, dilation, padding }) {
  const axes = [0, 1].map((axis) => {
    const reach = (window[axis] - 1) * dilation[axis] + 1, side = shape[axis], stride = strides[axis];
    if (padding === "valid") return { reach, count: Math.floor((side - reach) / stride) + 1, pads: [0, 0] };
    const count = Math.ceil(side / stride), total = Math.max(0, (count - 1) * stride + reach - side);
    return { reach, count, pads: [Math.floor(total / 2), total - Math.floor(total / 2)] };
  });
  if (axes.some(({ count }) => count < 1)) return null;
  return { size: axes.map(({ count }) => count), padding: axes.map(({ pads }) => pads), reach: axes.map(({ reach }) => reach) };
}

const MOST_TERMS = 9;
export const EQUATION_COLOURS = ["red", "green", "blue"];

// One window as a line: "0.2·1 + 0.8·0 + … = 2.1". parts: [{values, products}] of each channel; inside: of each tap;
// calculation: {kernel: numbers or null, mode, bias, relu}; value: the results there, one of each map.
export function equationOf({ parts, inside, calculation, value }, digits = 2) {
  const numbers = [...parts.flatMap(({ values, products }) => [...values, ...(products ?? [])]), ...value];
  const exact = digitsOf(numbers, digits + 1) <= digits, result = value.map((number) => shownDigits(number, digitsOf(value, digits))).join(", ");
  return `${equationTerms({ parts, inside, calculation }, digits)} ${exact ? "=" : "≈"} ${result}`;
}

function equationTerms({ parts, inside, calculation }, digits) {
  const number = (value) => {
    const text = shownDigits(value, digitsOf([value], digits));
    return text.startsWith("-") ? `(${text})` : text;
  };
  const { kernel, mode, bias, relu } = calculation, real = inside.filter((each) => each).length;
  if (!kernel) {
    if (parts.length > 1 || real > 2 * MOST_TERMS) return `${mode} of ${real} pixels${parts.length > 1 ? " in each channel" : ""}`;
    return `${mode}(${parts[0].values.filter((_, tap) => inside[tap]).map(number).join(", ")})`;
  }
  let text;
  if (parts.length > 1) text = parts.map(({ sum }, channel) => `${number(sum)} ${EQUATION_COLOURS[channel]}`).join(" + ");
  else if (kernel.length > MOST_TERMS) text = `sum of ${kernel.length} products`;
  else text = parts[0].values.map((pixel, tap) => `${number(pixel)}·${number(kernel[tap])}`).join(" + ");
  if (bias) text += ` + ${number(bias)} bias`;
  return relu ? `ReLU(${text})` : text;
}
