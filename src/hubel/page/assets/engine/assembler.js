// A few instructions of WebAssembly as bytes: enough to write a loop over vectors of four float32 by hand.
// Source: the WebAssembly specification, sections 5.4 (instructions) and 5.5 (modules).

export const I32 = 0x7f, V128 = 0x7b;  // types of locals: an address or a count, and four float32

// A whole number in seven bits a byte, lowest first (LEB128); all of ours are small and not negative.
const leb = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...leb(number >> 7)]);
const sized = (bytes) => [...leb(bytes.length), ...bytes];
const vector = (code, ...rest) => [0xfd, ...leb(code), ...rest];

const readLocal = (local) => [0x20, ...leb(local)], writeLocal = (local) => [0x21, ...leb(local)];
const whole = (value) => [0x41, ...(value < 64 ? [value] : [(value & 127) | 128, value >> 7])];  // below 8192

// Instructions by their name; locals are numbers, addresses and offsets count bytes.
export const CODE = {
  get: readLocal,
  set: writeLocal,
  number: whole,
  added: [0x6a],
  multiplied: [0x6c],
  moved: (local, by) => [...readLocal(local), ...by, 0x6a, ...writeLocal(local)],  // local += by
  load: (offset = 0) => vector(0, 2, ...leb(offset)),  // four numbers
  loadOne: (offset = 0) => vector(9, 2, ...leb(offset)),  // one number, four times
  store: (offset = 0) => vector(11, 2, ...leb(offset)),
  zeros: vector(12, ...Array(16).fill(0)),
  plus: vector(228),
  times: vector(230),
  // Do something `counter` times, at least once; the counter is 0 afterwards.
  repeat: (counter, body) => [0x03, 0x40, ...body, ...readLocal(counter), ...whole(1), 0x6b, 0x22, ...leb(counter), 0x0d, 0, 0x0b],
};

// A module whose functions work on an imported memory. functions: {name, parameters: how many I32, locals: [type, count] pairs, body}.
export function moduleOf(functions) {
  const listed = (items) => [...leb(items.length), ...items.flat()];
  const name = (text) => sized(Array.from(text, (character) => character.charCodeAt(0)));
  const section = (id, bytes) => [id, ...sized(bytes)];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, listed(functions.map(({ parameters }) => [0x60, ...listed(Array(parameters).fill([I32])), 0]))),
    ...section(2, listed([[...name("page"), ...name("memory"), 2, 0, 1]])),
    ...section(3, listed(functions.map((_, place) => leb(place)))),
    ...section(7, listed(functions.map((each, place) => [...name(each.name), 0, ...leb(place)]))),
    ...section(10, listed(functions.map(({ locals, body }) => (
      sized([...listed(locals.map(([type, count]) => [...leb(count), type])), ...body, 0x0b])
    )))),
  ]);
}
