// Changes of an image as hubel.images.changes makes them, to the last bit: what comes in repeats the edge.
// One thing differs: Hubel changes the decoded image before it is resized; here the image has the size of the network already.
// Pixels are a Uint8Array, red, green, blue of each, row by row; size is [height, width]. Each function gives a new array.

// No change: pixels down and right (whole ones), degrees counter-clockwise, percent brighter (negative: darker), blur in percent of the
// shorter side, side of a grey square in percent of it, and where it stands: 0 is at the left or top, 100 at the right or bottom.
export const UNCHANGED = { down: 0, right: 0, degrees: 0, percent: 0, blur: 0, side: 0, across: 50, below: 50 };

export const PAINT_GREY = 128;  // of what stands in front

// All of them, in this order: moved, turned, brighter or darker, blurred, something in front.
export function changedPixels(pixels, size, changes) {
  let made = movedPixels(pixels, size, changes);
  made = turnedPixels(made, size, changes.degrees);
  made = litPixels(made, changes.percent);
  made = blurredPixels(made, size, changes.blur);
  return coveredPixels(made, size, changes);
}

const paintWithin = (place, side) => (place < 0 ? 0 : place >= side ? side - 1 : place);

// Moved by whole pixels (`moved` in moves.py).
export function movedPixels(pixels, [height, width], { down, right }) {
  if (!down && !right) return pixels;
  const made = new Uint8Array(pixels.length);
  for (let row = 0, at = 0; row < height; row++) {
    const from = paintWithin(row - down, height) * width;
    for (let column = 0; column < width; column++, at += 3) {
      const place = (from + paintWithin(column - right, width)) * 3;
      made[at] = pixels[place];
      made[at + 1] = pixels[place + 1];
      made[at + 2] = pixels[place + 2];
    }
  }
  return made;
}

// Where a turned image comes from: {cosine, sine, left, top, padLeft, padTop}; (x, y) of the result → (x, y) in the image with its
// edge repeated around it, which begins at (-padLeft, -padTop).
function turnOf([height, width], degrees) {
  const angle = (degrees * Math.PI) / 180, cosine = Math.cos(angle), sine = Math.sin(angle);
  const reachX = Math.ceil(Math.abs(cosine) * width + Math.abs(sine) * height) + 2;
  const reachY = Math.ceil(Math.abs(sine) * width + Math.abs(cosine) * height) + 2;
  const padLeft = Math.max(0, Math.ceil((reachX - width) / 2)), padTop = Math.max(0, Math.ceil((reachY - height) / 2));
  const outerX = width + 2 * padLeft, outerY = height + 2 * padTop;
  const left = outerX / 2 - (cosine * width) / 2 + (sine * height) / 2, top = outerY / 2 - (sine * width) / 2 - (cosine * height) / 2;
  return { cosine, sine, left, top, padLeft, padTop };
}

// Turned around its centre (`rotation` in moves.py): Pillow's affine transform with bilinear weights, which drops fractions of a level.
export function turnedPixels(pixels, size, degrees) {
  if (!degrees) return pixels;
  const [height, width] = size, { cosine, sine, left, top, padLeft, padTop } = turnOf(size, degrees), made = new Uint8Array(pixels.length);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 3) {
      const x = cosine * (column + 0.5) - sine * (row + 0.5) + left - 0.5, y = sine * (column + 0.5) + cosine * (row + 0.5) + top - 0.5;
      const wholeX = Math.floor(x), wholeY = Math.floor(y), partX = x - wholeX, partY = y - wholeY;
      const near = paintWithin(wholeX - padLeft, width) * 3, far = paintWithin(wholeX + 1 - padLeft, width) * 3;
      const upper = paintWithin(wholeY - padTop, height) * width * 3, lower = paintWithin(wholeY + 1 - padTop, height) * width * 3;
      for (let colour = 0; colour < 3; colour++) {
        const one = pixels[upper + near + colour], other = pixels[lower + near + colour];
        const above = one + (pixels[upper + far + colour] - one) * partX, below = other + (pixels[lower + far + colour] - other) * partX;
        made[at + colour] = above + (below - above) * partY;
      }
    }
  }
  return made;
}

// Every value multiplied (`brightness` in light.py): float32 as Pillow's blend, without its fraction.
export function litPixels(pixels, percent) {
  if (!percent) return pixels;
  const factor = Math.fround(1 + percent / 100), levels = Uint8Array.from({ length: 256 }, (_, level) => Math.min(255, Math.max(0, Math.fround(factor * level))));
  return pixels.map((level) => levels[level]);
}

// Blurred by a Gaussian (`blur` in quality.py): as in Pillow, three box blurs along each axis that come near to one.
export function blurredPixels(pixels, [height, width], percent) {
  const deviation = Math.fround((percent / 100) * Math.min(height, width));
  if (!deviation) return pixels;
  const box = boxOf(deviation), made = Uint8Array.from(pixels);
  for (let row = 0; row < height; row++) for (let colour = 0; colour < 3; colour++) blurLine(made, { start: row * width * 3 + colour, step: 3, count: width }, box);
  for (let column = 0; column < width; column++) for (let colour = 0; colour < 3; colour++) blurLine(made, { start: column * 3 + colour, step: width * 3, count: height }, box);
  return made;
}

// Radius of the box that gives this deviation when it is laid on three times, and its weights in 2^-24.
// Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box filtering", as Pillow computes it.
function boxOf(deviation) {
  const variance = Math.fround(Math.fround(deviation * deviation) / 3);
  const length = Math.fround(Math.sqrt(12 * variance + 1)), whole = Math.fround(Math.floor((length - 1) / 2));
  let part = Math.fround((2 * whole + 1) * Math.fround(whole * (whole + 1) - Math.fround(3 * variance)));
  part = Math.fround(part / Math.fround(6 * Math.fround(variance - (whole + 1) * (whole + 1))));
  const radius = Math.fround(whole + part), inner = Math.floor(radius), weight = Math.floor(Math.fround(2 ** 24 / Math.fround(radius * 2 + 1)));
  return { inner, weight, edge: Math.floor((2 ** 24 - (inner * 2 + 1) * weight) / 2) };
}

function blurLine(data, { start, step, count }, { inner, weight, edge }) {
  const line = new Uint8Array(count), last = count - 1;
  for (let pass = 0; pass < 3; pass++) {
    for (let place = 0; place < count; place++) line[place] = data[start + place * step];
    let sum = 0;
    for (let place = -inner; place <= inner; place++) sum += line[paintWithin(place, count)];
    for (let place = 0; place <= last; place++) {
      const outer = line[paintWithin(place - inner - 1, count)] + line[paintWithin(place + inner + 1, count)];
      data[start + place * step] = Math.floor((sum * weight + outer * edge + 2 ** 23) / 2 ** 24);
      sum += line[paintWithin(place + inner + 1, count)] - line[paintWithin(place - inner, count)];
    }
  }
}

// To the nearest whole number, halves to the even one, as Python's round.
function evenRound(value) {
  const whole = Math.floor(value), part = value - whole;
  return part > 0.5 || (part === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
}

// Where the square stands: {left, top, side} in pixels (`occlusion` in quality.py, with the place chosen by hand).
export function coverOf([height, width], { side, across, below }) {
  const pixels = evenRound((side / 100) * Math.min(height, width));
  return { side: pixels, left: evenRound((across / 100) * (width - pixels)), top: evenRound((below / 100) * (height - pixels)) };
}

export function coveredPixels(pixels, size, changes) {
  const { left, top, side } = coverOf(size, changes), width = size[1];
  if (!side) return pixels;
  const made = Uint8Array.from(pixels);
  for (let row = top; row < top + side; row++) made.fill(PAINT_GREY, (row * width + left) * 3, (row * width + left + side) * 3);
  return made;
}

// The place [row, column], in fractions of pixels, from which a place of the changed image comes.
export function comesFrom([row, column], size, changes) {
  let [y, x] = [row, column];
  if (changes.degrees) {
    const { cosine, sine, left, top, padLeft, padTop } = turnOf(size, changes.degrees);
    [x, y] = [cosine * column - sine * row + left - padLeft, sine * column + cosine * row + top - padTop];
  }
  return [y - changes.down, x - changes.right];
}
