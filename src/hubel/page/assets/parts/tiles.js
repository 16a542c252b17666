// Maps of numbers as images: dark for small, light for large; below 0 in another colour.

// {least, most} of some numbers.
export function scaleOf(data) {
  let least = Infinity, most = -Infinity;
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}

const USUAL_SAMPLE = 4000;  // numbers that are looked at for it

// The same without the largest hundredth, so that a few large numbers do not leave the rest dark.
export function usualScale(data) {
  const step = Math.max(1, Math.floor(data.length / USUAL_SAMPLE)), sizes = [];
  for (let at = 0; at < data.length; at += step) sizes.push(Math.abs(data[at]));
  sizes.sort((a, b) => a - b);
  const most = sizes[Math.floor(0.99 * (sizes.length - 1))] || sizes.at(-1);
  return { least: -most, most };
}

// red, green, blue of a number: grey from 0 up to the largest absolute value, blue below 0.
export function colourOf(value, { least, most }) {
  const largest = Math.max(Math.abs(least), Math.abs(most)) || 1, share = Math.min(1, Math.abs(value) / largest), level = Math.round(255 * share);
  return value >= 0 ? [level, level, level] : [Math.round(level * 0.25), Math.round(level * 0.55), level];
}

// value: {shape: [h, w, c] or [units], data}; one pixel of the canvas for each number.
export function drawMap(canvas, value, channel, scale) {
  const [height, width, channels] = value.shape.length === 3 ? value.shape : [1, 1, value.shape[0]];
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), image = context.createImageData(width, height), { data } = image;
  const largest = Math.max(Math.abs(scale.least), Math.abs(scale.most)) || 1;
  for (let place = 0; place < width * height; place++) {  // as colourOf, without an array for each number
    const number = value.data[place * channels + channel], level = Math.round(255 * Math.min(1, Math.abs(number) / largest)), at = place * 4;
    data[at] = number >= 0 ? level : Math.round(level * 0.25);
    data[at + 1] = number >= 0 ? level : Math.round(level * 0.55);
    data[at + 2] = level;
    data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// pixels: red, green, blue of each, row by row; one pixel of the canvas for each.
export function drawPixels(canvas, pixels, [height, width]) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    image.data[to] = pixels[from];
    image.data[to + 1] = pixels[from + 1];
    image.data[to + 2] = pixels[from + 2];
    image.data[to + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
