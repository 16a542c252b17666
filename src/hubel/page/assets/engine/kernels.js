// The two inner loops that take nearly all the time of a network, for processors that multiply four float32 at once.
import { CODE, I32, V128, moduleOf } from "./assembler.js";

export const BLOCK = 8;  // filters that `tile` computes together: two vectors of four
export const TILE = 4;  // places that it computes together

// Some locals by their name, numbered from a first one on.
const numbered = (first, names) => Object.fromEntries(names.map((name, place) => [name, first + place]));

const KERNEL_ARGUMENTS = ["input", "weights", "bias", "out", "step", "outStep", "count", "rows", "rowStep", "taps", "tapStep", "length"];

// BLOCK filters at `count` × `places` places in a row. A window is `rows` × `taps` runs of `length` numbers each; all addresses
// and steps are in bytes. weights: [rows, taps, length, BLOCK], one after the other. The sum of each run is added up for itself, then
// added to the whole: so many numbers in a row would lose too many digits.
function tileKernel(places) {
  const { get, set, load, loadOne, store, moved, number, repeat, plus, times, zeros, added } = CODE;
  const local = numbered(0, KERNEL_ARGUMENTS), own = numbered(KERNEL_ARGUMENTS.length, ["at", "row", "rowCount", "tap", "tapCount", "runCount"]);
  const pointer = (place) => KERNEL_ARGUMENTS.length + 6 + place, firstVector = pointer(places);
  const sum = (place, half) => firstVector + 2 * place + half, total = (place, half) => sum(places + place, half);
  const weight = (half) => firstVector + 4 * places + half, value = weight(2);
  const each = (make) => Array.from({ length: places }, (_, place) => [0, 1].map((half) => make(place, half))).flat(2);
  const everyPlace = (make) => Array.from({ length: places }, (_, place) => make(place)).flat();
  const multiply = [
    ...get(own.at), ...load(0), ...set(weight(0)), ...get(own.at), ...load(16), ...set(weight(1)),
    ...everyPlace((place) => [
      ...get(pointer(place)), ...loadOne(), ...set(value),
      ...[0, 1].flatMap((half) => [...get(sum(place, half)), ...get(value), ...get(weight(half)), ...times, ...plus, ...set(sum(place, half))]),
      ...moved(pointer(place), number(4)),
    ]),
    ...moved(own.at, number(4 * BLOCK)),
  ];
  const run = [
    ...everyPlace((place) => [...(place ? [...get(pointer(place - 1)), ...get(local.step), ...added] : get(own.tap)), ...set(pointer(place))]),
    ...each((place, half) => [...zeros, ...set(sum(place, half))]),
    ...get(local.length), ...set(own.runCount), ...repeat(own.runCount, multiply),
    ...each((place, half) => [...get(total(place, half)), ...get(sum(place, half)), ...plus, ...set(total(place, half))]),
    ...moved(own.tap, get(local.tapStep)),
  ];
  const row = [
    ...get(own.row), ...set(own.tap), ...get(local.taps), ...set(own.tapCount), ...repeat(own.tapCount, run),
    ...moved(own.row, get(local.rowStep)),
  ];
  const body = [
    ...each((place, half) => [...get(local.bias), ...load(16 * half), ...set(total(place, half))]),
    ...get(local.weights), ...set(own.at), ...get(local.input), ...set(own.row),
    ...get(local.rows), ...set(own.rowCount), ...repeat(own.rowCount, row),
    ...everyPlace((place) => [
      ...[0, 1].flatMap((half) => [...get(local.out), ...get(total(place, half)), ...store(16 * half)]),
      ...moved(local.out, get(local.outStep)), ...moved(local.input, get(local.step)),
    ]),
  ];
  return {
    name: `tile${places}`, parameters: KERNEL_ARGUMENTS.length, locals: [[I32, 6 + places], [V128, 4 * places + 3]], body: repeat(local.count, body),
  };
}

// One filter for each channel, at `count` places in a row; `length` counts vectors of four channels.
// weights: [rows, taps, channels]; bias: [channels].
function deepKernel() {
  const { get, set, load, store, moved, number, repeat, plus, times, multiplied } = CODE;
  const local = numbered(0, KERNEL_ARGUMENTS);
  const own = numbered(KERNEL_ARGUMENTS.length, ["at", "row", "rowCount", "tap", "tapCount", "vectors", "from", "bias", "weights", "to", "channels"]);
  const sum = KERNEL_ARGUMENTS.length + 11, four = number(16);
  const tap = [
    ...get(sum), ...get(own.tap), ...load(), ...get(own.at), ...load(), ...times, ...plus, ...set(sum),
    ...moved(own.tap, get(local.tapStep)), ...moved(own.at, get(own.channels)),
  ];
  const row = [
    ...get(own.row), ...set(own.tap), ...get(local.taps), ...set(own.tapCount), ...repeat(own.tapCount, tap),
    ...moved(own.row, get(local.rowStep)),
  ];
  const vector = [
    ...get(own.bias), ...load(), ...set(sum), ...get(own.weights), ...set(own.at), ...get(own.from), ...set(own.row),
    ...get(local.rows), ...set(own.rowCount), ...repeat(own.rowCount, row),
    ...get(own.to), ...get(sum), ...store(),
    ...["from", "bias", "weights", "to"].flatMap((each) => moved(own[each], four)),
  ];
  const place = [
    ...get(local.input), ...set(own.from), ...get(local.bias), ...set(own.bias), ...get(local.weights), ...set(own.weights),
    ...get(local.out), ...set(own.to), ...get(local.length), ...set(own.vectors), ...repeat(own.vectors, vector),
    ...moved(local.input, get(local.step)), ...moved(local.out, get(local.outStep)),
  ];
  const channels = [...get(local.length), ...number(16), ...multiplied, ...set(own.channels)];
  return { name: "deep", parameters: KERNEL_ARGUMENTS.length, locals: [[I32, 11], [V128, 1]], body: [...channels, ...repeat(local.count, place)] };
}

export const kernelBytes = () => moduleOf([tileKernel(TILE), tileKernel(1), deepKernel()]);
