// A volume: its maps one behind the other, each turned to the side, drawn with the numbers of the current image.
import { colourOf, usualScale } from "../parts/tiles.js";
import { mapsOf, RISING, TURNED } from "./volumes_layout.js";

const VOLUME_LEAST = 1.4;  // pixels between two maps that are drawn: of more maps, some evenly chosen ones stand for all
const VOLUME_EDGE = 4;  // pixels around a drawing

// Numbers of the maps that are drawn of a volume.
export function drawnMaps(channels, depth) {
  const most = Math.max(1, Math.floor(depth / VOLUME_LEAST));
  if (channels <= most) return Array.from({ length: channels }, (_, channel) => channel);
  return Array.from({ length: most }, (_, place) => Math.round(place * (channels - 1) / Math.max(1, most - 1)));
}

// Maps on one sheet, side by side: {canvas, width, height} of one map in it.
function volumeSheet(value, drawn, scale) {
  const [height, width, channels] = mapsOf(value.shape), step = Math.max(1, Math.ceil(Math.max(height, width) / 96));
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)], canvas = document.createElement("canvas");
  canvas.width = columns * drawn.length;
  canvas.height = rows;
  const context = canvas.getContext("2d"), sheet = context.createImageData(canvas.width, rows);
  drawn.forEach((channel, place) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [red, green, blue] = colourOf(value.data[(row * step * width + column * step) * channels + channel], scale);
        const at = (row * canvas.width + place * columns + column) * 4;
        sheet.data[at] = red;
        sheet.data[at + 1] = green;
        sheet.data[at + 2] = blue;
        sheet.data[at + 3] = 255;
      }
    }
  });
  context.putImageData(sheet, 0, 0);
  return { canvas, width: columns, height: rows };
}

// Where map number `place` of `count` begins, in pixels from the left.
export const volumeOffset = (place, count, depth) => (count < 2 ? 0 : place * depth / (count - 1));

// Fit a canvas to a volume of a size, sharp on the screen; gives its context, in CSS pixels.
function volumeCanvas(canvas, size) {
  const sharp = Math.min(3, devicePixelRatio || 1), width = size.depth + size.face + 2 * VOLUME_EDGE, height = size.height + size.rise + 2 * VOLUME_EDGE;
  canvas.width = Math.ceil(width * sharp);
  canvas.height = Math.ceil(height * sharp);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.translate(VOLUME_EDGE, VOLUME_EDGE);
  return { context, sharp };
}

// lit: "all", or numbers of maps that are outlined; colours: {line, accent, halo: around an accent}
export function drawVolume(canvas, value, { size, lit = [], colours }) {
  const channels = value.shape.at(-1), drawn = drawnMaps(channels, size.depth), { context, sharp } = volumeCanvas(canvas, size);
  const sheet = volumeSheet(value, drawn, usualScale(value.data));
  const outlined = lit === "all" ? new Set() : new Set(lit.map((channel) => nearestDrawn(drawn, channel)));
  context.imageSmoothingEnabled = sheet.height > size.height;
  const skew = -RISING / TURNED;
  const slice = (place) => {
    const left = volumeOffset(place, drawn.length, size.depth), chosen = outlined.has(place);
    context.setTransform(sharp, skew * sharp, 0, sharp, (VOLUME_EDGE + left) * sharp, (VOLUME_EDGE + size.rise) * sharp);
    context.drawImage(sheet.canvas, place * sheet.width, 0, sheet.width, sheet.height, 0, 0, size.face, size.height);
    const edge = (width, colour) => {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.strokeRect(0, 0, size.face, size.height);
    };
    if (chosen) edge(6, colours.halo);
    edge(chosen ? 2.5 : 0.6, chosen ? colours.accent : colours.line);
  };
  drawn.forEach((_, place) => slice(place));
  outlined.forEach(slice);  // what is chosen lies on top
  if (lit === "all") outlineVolume(context, size, { sharp, colour: colours.accent });
}

function outlineVolume(context, size, { sharp, colour }) {
  context.setTransform(sharp, 0, 0, sharp, VOLUME_EDGE * sharp, VOLUME_EDGE * sharp);
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.beginPath();
  const right = size.depth + size.face;
  [[0, size.rise], [size.face, 0], [right, 0], [right, size.height], [size.depth, size.height + size.rise], [0, size.height + size.rise]]
    .forEach(([x, y], place) => context[place ? "lineTo" : "moveTo"](x, y));
  context.closePath();
  context.stroke();
}

// Place in `drawn` of the map nearest to a channel.
export function nearestDrawn(drawn, channel) {
  let best = 0;
  drawn.forEach((each, place) => { if (Math.abs(each - channel) < Math.abs(drawn[best] - channel)) best = place; });
  return best;
}

// Which map lies under a point of the drawing, in CSS pixels from its corner: its number, or null.
export function mapUnder(size, channels, [x, y]) {
  const drawn = drawnMaps(channels, size.depth);
  for (let place = drawn.length - 1; place >= 0; place--) {
    const across = (x - VOLUME_EDGE - volumeOffset(place, drawn.length, size.depth)) / size.face;
    if (across < 0 || across > 1) continue;
    const top = VOLUME_EDGE + size.rise * (1 - across);
    if (y >= top && y <= top + size.height) return drawn[place];
  }
  return null;
}
