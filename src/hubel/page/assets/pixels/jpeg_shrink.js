// A JPEG that was decoded at its whole size → as if it had been decoded at a fraction of it, for browsers that cannot.
//
// libjpeg takes means of brightness and of both colours apart, over fraction × fraction pixels, and makes red, green and blue
// of them afterwards. Most photographs have only every second place of the colours, of which it then makes fewer means; what
// lies between was filled in by weights of 3 and 1 when the whole was decoded, and is taken out again here.
// Source: JFIF 1.02 for the colours; libjpeg's manual, "Decompression parameter selection", for the rest.
const HALF_COLOURS = [0x22, 0x11, 0x11];
const SHARPENING_ROUNDS = 4;  // each takes off half of what is left to do, or more

// image: {width, height, pixels}; fraction: 1, 2, 4 or 8; sampling: of readJpegHead.
export function shrunk(image, fraction, sampling) {
  if (fraction === 1) return image;
  const isHalved = HALF_COLOURS.every((each, at) => sampling[at] === each) && sampling.length === 3;
  const light = planeMeans(image, fraction, [0.299, 0.587, 0.114]);
  const [blue, red] = [[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]].map((weights) => {
    if (!isHalved) return planeMeans(image, fraction, weights);
    return fraction === 2 ? sharpened(planeMeans(image, 2, weights)) : meansOfPlane(sharpened(planeMeans(image, 2, weights)), fraction / 2);
  });
  return colouredPixels(light, blue, red);
}

// One of brightness and the two colours, which are whole numbers in the file: its means over side × side pixels.
function planeMeans({ width, height, pixels }, side, [fromRed, fromGreen, fromBlue]) {
  const plane = { width: Math.ceil(width / side), height: Math.ceil(height / side) }, data = new Float32Array(plane.width * plane.height);
  for (let row = 0, from = 0; row < height; row++) {
    const start = Math.floor(row / side) * plane.width;
    for (let column = 0; column < width; column++, from += 3) {
      data[start + Math.floor(column / side)] += Math.round(fromRed * pixels[from] + fromGreen * pixels[from + 1] + fromBlue * pixels[from + 2]);
    }
  }
  return { ...plane, data: divided(data, plane, { width, height, side }) };
}

function meansOfPlane({ width, height, data }, side) {
  const plane = { width: Math.ceil(width / side), height: Math.ceil(height / side) }, sums = new Float32Array(plane.width * plane.height);
  for (let row = 0, from = 0; row < height; row++) {
    for (let column = 0; column < width; column++, from++) sums[Math.floor(row / side) * plane.width + Math.floor(column / side)] += data[from];
  }
  return { ...plane, data: divided(sums, plane, { width, height, side }) };
}

// Sums → means; at the right and lower edge there may be fewer.
function divided(sums, plane, { width, height, side }) {
  for (let row = 0, at = 0; row < plane.height; row++) {
    const rows = Math.min(side, height - row * side);
    for (let column = 0; column < plane.width; column++, at++) sums[at] /= rows * Math.min(side, width - column * side);
  }
  return sums;
}

// A mean of filled-in values is 6/8 of its own and 1/8 of each neighbour, across and down: find what they were.
function sharpened(plane) {
  return alongLines(alongLines(plane, { step: 1, count: plane.width, next: plane.width, lines: plane.height }), { step: plane.width, count: plane.height, next: 1, lines: plane.width });
}

function alongLines(plane, { step, count, next, lines }) {
  const made = plane.data.slice(), found = new Float32Array(count);
  for (let line = 0; line < lines; line++) {
    const start = line * next;
    for (let round = 0; round < SHARPENING_ROUNDS; round++) {
      for (let at = 0; at < count; at++) {
        const here = made[start + at * step], before = made[start + Math.max(at - 1, 0) * step], after = made[start + Math.min(at + 1, count - 1) * step];
        found[at] = here + plane.data[start + at * step] - (before + 6 * here + after) / 8;
      }
      for (let at = 0; at < count; at++) made[start + at * step] = found[at];
    }
  }
  return { ...plane, data: made };
}

function colouredPixels({ width, height, data: light }, { data: blue, width: colourWidth }, { data: red }) {
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * colourWidth + column, level = Math.round(light[row * width + column]), [toBlue, toRed] = [Math.round(blue[at]), Math.round(red[at])];
      pixels[to++] = level + Math.round(1.402 * toRed);
      pixels[to++] = level + Math.round(-0.344136 * toBlue - 0.714136 * toRed);
      pixels[to++] = level + Math.round(1.772 * toBlue);
    }
  }
  return { width, height, pixels: new Uint8Array(pixels.buffer) };
}
