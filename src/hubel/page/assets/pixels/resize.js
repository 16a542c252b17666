// Decoded pixels → the working size, level for level as Pillow's antialiased bilinear filter gives them, of which
// Hubel makes its images (src/hubel/images/preprocessing.py). Written from the filter's description: each pixel of the
// result is a mean of those of the source below it, weighted by a triangle that is as wide as the source is finer;
// first along the rows, then down the columns; weights are whole numbers of 2^-22, and each of both means is rounded.
const RESIZE_BITS = 22;  // 32 bits of a sum, less 8 of a level and 2 to be safe
const RESIZE_HALF = 1 << (RESIZE_BITS - 1);
export const PADDING_GREY = 128;

// image: {width, height, pixels: Uint8Array of red, green, blue}; size: {height, width, resize: "squash", "crop" or "pad"}.
// Gives the pixels of the working size, Uint8Array [height * width * 3].
export function resize(image, { height, width, resize: policy }) {
  if (image.width === width && image.height === height) return image.pixels;
  if (policy === "squash") return resample(image, width, height, wholeBox(image));
  if (policy === "crop") return resample(image, width, height, centreBox(image, width / height));
  if (policy === "pad") return padded(image, width, height);
  throw new Error(`There is no resize policy named ${policy}.`);
}

const wholeBox = (image) => [0, 0, image.width, image.height];

// The largest part of an aspect around the centre: [left, top, right, bottom], with fractions.
export function centreBox({ width, height }, aspect) {
  const keptWidth = Math.min(width, height * aspect), keptHeight = Math.min(height, width / aspect);
  const left = (width - keptWidth) / 2, top = (height - keptHeight) / 2;
  return [left, top, left + keptWidth, top + keptHeight];
}

// Where an image lies in the grey of "pad": {width, height, left, top} in pixels of the working size.
export function paddedPlace(image, width, height) {
  const scale = Math.min(height / image.height, width / image.width);
  const inner = { width: Math.max(1, roundHalfEven(image.width * scale)), height: Math.max(1, roundHalfEven(image.height * scale)) };
  return { ...inner, left: Math.floor((width - inner.width) / 2), top: Math.floor((height - inner.height) / 2) };
}

function padded(image, width, height) {
  const inner = paddedPlace(image, width, height), canvas = new Uint8Array(width * height * 3).fill(PADDING_GREY);
  const small = isSize(image, inner) ? image.pixels : resample(image, inner.width, inner.height, wholeBox(image));
  for (let row = 0; row < inner.height; row++) {
    const line = small.subarray(row * inner.width * 3, (row + 1) * inner.width * 3);
    canvas.set(line, ((inner.top + row) * width + inner.left) * 3);
  }
  return canvas;
}

const isSize = (image, { width, height }) => image.width === width && image.height === height;

// As Python rounds: a half goes to the even neighbour.
export function roundHalfEven(value) {
  const below = Math.floor(value), rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

// The part of an image in a box [left, top, right, bottom] at another size. A pass that changes nothing is left out, and
// where much more is taken off the height than off the width, the columns come first, as in Pillow from version 13 on.
export function resample(image, width, height, box) {
  const [left, top, right, bottom] = box.map(Math.fround);
  const across = weightsOf(image.width, width, left, right), down = weightsOf(image.height, height, top, bottom);
  const isAcross = width !== image.width || left !== 0 || right !== width;
  const isDown = height !== image.height || top !== 0 || bottom !== height;
  if (!isAcross && !isDown) return image.pixels.slice();
  if (!isAcross) return passDown(image.pixels, image.width, down, 0);
  if (!isDown) return passAcross(image, across, 0, height);
  if (image.height > height && image.height - height > 2 * (image.width - width)) {
    return passAcross({ width: image.width, pixels: passDown(image.pixels, image.width, down, 0) }, across, 0, height);
  }
  const first = down.starts[0], end = down.starts.at(-1) + down.counts.at(-1);  // rows above and below are not needed
  return passDown(passAcross(image, across, first, end), width, down, first);
}

// For each place of an axis of `size` places: where its pixels start in the source, how many there are, and their weights.
// first, last: ends of the box along the axis; single precision, as Pillow keeps them.
function weightsOf(length, size, first, last) {
  const scale = Math.fround(last - first) / size, finer = Math.max(scale, 1), most = Math.ceil(finer) * 2 + 1;
  const starts = new Int32Array(size), counts = new Int32Array(size), weights = new Int32Array(size * most);
  const shares = new Float64Array(most);
  for (let place = 0; place < size; place++) {
    const centre = first + (place + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - finer + 0.5)), end = Math.min(length, Math.trunc(centre + finer + 0.5));
    let sum = 0;
    for (let at = start; at < end; at++) sum += shares[at - start] = triangle((at - centre + 0.5) * (1 / finer));
    for (let at = 0; at < end - start; at++) {
      const share = sum === 0 ? shares[at] : shares[at] / sum;
      weights[place * most + at] = Math.trunc(0.5 + share * (1 << RESIZE_BITS));
    }
    starts[place] = start;
    counts[place] = end - start;
  }
  return { size, most, starts, counts, weights };
}

const triangle = (at) => Math.max(0, 1 - Math.abs(at));

// A level of 0 to 255; a Uint8ClampedArray would round what is whole already, and a sum never leaves 32 bits.
function levelOf(sum) {
  const level = sum >> RESIZE_BITS;
  return level < 0 ? 0 : level > 255 ? 255 : level;
}

function passAcross(image, { size, most, starts, counts, weights }, firstRow, endRow) {
  const made = new Uint8Array((endRow - firstRow) * size * 3), { pixels, width } = image;
  let to = 0;
  for (let row = firstRow; row < endRow; row++) {
    for (let place = 0; place < size; place++) {
      let red = RESIZE_HALF, green = RESIZE_HALF, blue = RESIZE_HALF, from = (row * width + starts[place]) * 3;
      for (let at = place * most, end = at + counts[place]; at < end; at++, from += 3) {
        const weight = weights[at];
        red += pixels[from] * weight;
        green += pixels[from + 1] * weight;
        blue += pixels[from + 2] * weight;
      }
      made[to++] = levelOf(red);
      made[to++] = levelOf(green);
      made[to++] = levelOf(blue);
    }
  }
  return made;
}

// firstRow: of the source, the row with which `pixels` begin.
function passDown(pixels, width, { size, most, starts, counts, weights }, firstRow) {
  const line = width * 3, made = new Uint8Array(size * line), sums = new Int32Array(line);
  for (let place = 0; place < size; place++) {
    sums.fill(RESIZE_HALF);
    for (let at = 0; at < counts[place]; at++) {
      const weight = weights[place * most + at], from = (starts[place] - firstRow + at) * line;
      for (let column = 0; column < line; column++) sums[column] += pixels[from + column] * weight;
    }
    for (let column = 0; column < line; column++) made[place * line + column] = levelOf(sums[column]);
  }
  return made;
}
