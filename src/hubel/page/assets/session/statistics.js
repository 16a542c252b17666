// A few numbers that say what kind of image this is, as src/hubel/images/statistics.py has them.

const STATISTICS_STEPS = 32, ONE_LEVEL = 1 / 255, FAINT_COLOUR = 0.05;

// pixels: Uint8Array [height * width * 3] → mean red, green and blue and the deviation of grey, from 0 to 1; and logarithms
// of the mean change of grey from a pixel to the next across and down, of that from its four neighbours' mean, and of the
// mean distance of the largest from the smallest of red, green and blue.
export function describePixels(pixels, [height, width]) {
  const edge = Math.min(height, width) < 3 ? 1 : 0;  // then the outermost pixels are there twice
  const [rows, columns] = [height, width].map((side) => innerPlaces(side + 2 * edge));
  const at = (row, column) => (clamped(row - edge, height) * width + clamped(column - edge, width)) * 3;
  const grey = (row, column) => pixels[at(row, column)] + pixels[at(row, column) + 1] + pixels[at(row, column) + 2];
  const sums = { red: 0, green: 0, blue: 0, across: 0, down: 0, rough: 0, colour: 0, grey: 0, squares: 0 };
  for (const row of rows) {
    for (const column of columns) {
      const [red, green, blue] = pixels.subarray(at(row, column), at(row, column) + 3), here = red + green + blue;
      const [above, below, left, right] = [grey(row - 1, column), grey(row + 1, column), grey(row, column - 1), grey(row, column + 1)];
      sums.red += red;
      sums.green += green;
      sums.blue += blue;
      sums.grey += here;
      sums.squares += here * here;
      sums.across += Math.abs(right - here);
      sums.down += Math.abs(below - here);
      sums.rough += Math.abs(4 * here - above - below - left - right);
      sums.colour += Math.max(red, green, blue) - Math.min(red, green, blue);
    }
  }
  return pixelStatisticsOf(sums, rows.length * columns.length);
}

function pixelStatisticsOf(sums, count) {
  const mean = (name) => sums[name] / count, change = (name) => Math.log(mean(name) / 765 + ONE_LEVEL);
  const deviation = Math.sqrt(Math.max(0, mean("squares") - mean("grey") ** 2)) / 765;
  return [
    mean("red") / 255, mean("green") / 255, mean("blue") / 255, deviation,
    change("across"), change("down"), change("rough"), Math.log(mean("colour") / 255 + FAINT_COLOUR),
  ];
}

const clamped = (place, side) => Math.min(Math.max(place, 0), side - 1);

// Evenly spread places along a side, never the first or the last.
function innerPlaces(side) {
  const places = [], step = Math.max(1, Math.floor(side / STATISTICS_STEPS));
  for (let place = 1; place < side - 1; place += step) places.push(place);
  return places;
}
