// PNG files, read without the browser's help: its canvas multiplies colours with their transparency and applies colour
// profiles, and Hubel does neither. Source: the PNG specification, third edition (W3C), sections 5, 7 to 9 and 11.
import { CannotRead, checkPixels, ENDS_EARLY, HOLDS_LESS, IS_DAMAGED } from "./faults.js";
import { orientationOf } from "./upright.js";

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG_CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };  // colour type → samples of a pixel
const PNG_DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const PNG_PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
// Of an interlaced image: first column, first row, step of columns, step of rows.

export const isPng = (bytes) => PNG_SIGNATURE.every((each, place) => bytes[place] === each);

// bytes: of the whole file → {width, height, depth, colour, channels, values, palette, transparency, orientation}: values
// is a Uint8Array, or a Uint16Array of 16 bits, [height * width * channels], as the file has them; palette and
// transparency are the contents of PLTE and tRNS, or null.
export async function readPng(bytes) {
  const file = pngChunks(bytes), header = pngHeader(file.IHDR);
  checkPixels(header.width, header.height);
  const raw = await pngInflated(file.parts, pngRawBytes(header), file.whole);
  return {
    ...header,
    values: pngValues(raw, header),
    palette: file.PLTE ?? null,
    transparency: file.tRNS ?? null,
    orientation: file.eXIf ? orientationOf(file.eXIf) : 1,
  };
}

// The chunks that count, by name, the parts of the pixels, and whether the file ends as it should.
function pngChunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), found = { parts: [], whole: false };
  for (let place = PNG_SIGNATURE.length; place + 8 <= bytes.length;) {
    const length = view.getUint32(place), name = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    const content = bytes.subarray(place + 8, place + 8 + length);
    if (name === "IDAT") found.parts.push(content);
    else if (["IHDR", "PLTE", "tRNS", "eXIf"].includes(name) && content.length === length) found[name] ??= content;
    else if (name === "IEND") {
      found.whole = true;
      break;
    }
    place += length + 12;
  }
  return found;
}

function pngHeader(content) {
  if (content?.length !== 13) throw new CannotRead(IS_DAMAGED);
  const view = new DataView(content.buffer, content.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)], [depth, colour, , , interlaced] = content.subarray(8);
  if (!width || !height || !PNG_DEPTHS[colour]?.includes(depth)) throw new CannotRead(IS_DAMAGED);
  return { width, height, depth, colour, channels: PNG_CHANNELS[colour], interlaced: interlaced === 1 };
}

// The images that the pixels come in: all of it, or seven that lie between one another.
function pngPasses({ width, height, interlaced }) {
  const passes = interlaced ? PNG_PASSES : [[0, 0, 1, 1]];
  return passes.map(([left, top, across, down]) => ({
    left, top, across, down,
    columns: Math.max(0, Math.ceil((width - left) / across)),
    rows: Math.max(0, Math.ceil((height - top) / down)),
  })).filter(({ columns, rows }) => columns && rows);
}

const pngLineBytes = ({ depth, channels }, columns) => Math.ceil(columns * depth * channels / 8);

function pngRawBytes(header) {
  return pngPasses(header).reduce((sum, { columns, rows }) => sum + rows * (1 + pngLineBytes(header, columns)), 0);
}

// Unpack as many bytes as the header asks for; what follows is never looked at.
async function pngInflated(parts, count, whole) {
  const made = new Uint8Array(count), reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let filled = 0;
  try {
    while (filled < count) {
      const { done, value } = await reader.read();
      if (done) break;
      made.set(value.subarray(0, count - filled), filled);
      filled += value.length;
    }
  } catch (error) {
    throw new CannotRead(whole ? IS_DAMAGED : ENDS_EARLY, { cause: error });
  }
  reader.cancel().catch(() => {});
  if (filled < count) throw new CannotRead(HOLDS_LESS);
  return made;
}

function pngValues(raw, header) {
  const { width, height, channels, depth } = header;
  const values = depth === 16 ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
  let place = 0;
  for (const pass of pngPasses(header)) {
    const length = pngLineBytes(header, pass.columns), step = Math.max(1, channels * depth / 8);
    let above = new Uint8Array(length);
    for (let row = 0; row < pass.rows; row++) {
      const line = raw.subarray(place + 1, place + 1 + length);
      pngUnfilter(raw[place], line, above, step);
      pngPlace(line, values, header, { ...pass, row });
      above = line;
      place += 1 + length;
    }
  }
  return values;
}

// A line was stored as its difference from neighbours to the left and above; in place. step: bytes of a pixel.
function pngUnfilter(kind, line, above, step) {
  if (kind > 4) throw new CannotRead(IS_DAMAGED);
  const { length } = line;
  if (kind === 1) for (let at = step; at < length; at++) line[at] += line[at - step];
  if (kind === 2) for (let at = 0; at < length; at++) line[at] += above[at];
  if (kind === 3) for (let at = 0; at < length; at++) line[at] += ((at < step ? 0 : line[at - step]) + above[at]) >> 1;
  if (kind === 4) {
    for (let at = 0; at < length; at++) line[at] += at < step ? above[at] : paeth(line[at - step], above[at], above[at - step]);
  }
}

// Of left, above and above left, the one nearest to left + above - above left.
function paeth(left, above, corner) {
  const toLeft = Math.abs(above - corner), toAbove = Math.abs(left - corner), toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

// One line of a pass into the image.
function pngPlace(line, values, { width, channels, depth }, { left, top, across, down, row, columns }) {
  const start = ((top + row * down) * width + left) * channels, step = across * channels;
  if (depth === 8 && across === 1) {
    values.set(line, start);
    return;
  }
  const most = (1 << depth) - 1, numberAt = {
    8: (at) => line[at],
    16: (at) => line[2 * at] << 8 | line[2 * at + 1],
  }[depth] ?? ((at) => line[at * depth >> 3] >> (8 - depth - (at * depth & 7)) & most);
  for (let column = 0, from = 0; column < columns; column++) {
    for (let channel = 0; channel < channels; channel++) values[start + column * step + channel] = numberAt(from++);
  }
}
