// The numbers of a PNG → red, green and blue of 0 to 255 over white, by the rules of src/hubel/images/{colour,samples}.py.
import { roundHalfEven } from "./resize.js";

const PNG_PALETTE = 3, PNG_GREY = [0, 4], PNG_WITH_ALPHA = [4, 6];

// What a level looks like over white: alpha of 0 to 255. Pillow's alpha_composite rounds so.
export function overWhite(level, alpha) {
  const sum = (level * alpha + 255 * (255 - alpha)) * 128 + 0x4000;
  return ((sum >> 8) + sum >> 8) >> 7;
}

// png: as of readPng; preprocessing: of the classifier. Gives Uint8Array [height * width * 3].
export function pngLevels(png, preprocessing) {
  if (png.depth === 16) return deepLevels(png, preprocessing);
  return png.colour === PNG_PALETTE ? paletteLevels(png) : plainLevels(png);
}

function paletteLevels({ values, palette, transparency }) {
  const table = new Uint8Array(3 * 256);
  for (let index = 0; index < 256; index++) {
    const alpha = transparency?.[index] ?? 255;
    for (let channel = 0; channel < 3; channel++) table[3 * index + channel] = overWhite(palette?.[3 * index + channel] ?? 0, alpha);
  }
  const made = new Uint8Array(values.length * 3);
  for (let at = 0, to = 0; at < values.length; at++) {
    const from = 3 * values[at];
    made[to++] = table[from];
    made[to++] = table[from + 1];
    made[to++] = table[from + 2];
  }
  return made;
}

// Up to 8 bits of grey or colour, with transparency or without.
function plainLevels({ values, colour, channels, depth, transparency }) {
  const isGrey = PNG_GREY.includes(colour), hasAlpha = PNG_WITH_ALPHA.includes(colour), factor = 255 / ((1 << depth) - 1);
  const hidden = hasAlpha ? null : hiddenValues(transparency, channels)?.map((value) => (depth === 1 ? (value ? 255 : 0) : value & 255));
  const count = values.length / channels, made = new Uint8Array(count * 3);
  if (!isGrey && !hasAlpha && !hidden) return values;
  for (let at = 0, from = 0, to = 0; at < count; at++, from += channels) {
    const red = values[from] * factor, green = isGrey ? red : values[from + 1], blue = isGrey ? red : values[from + 2];
    let alpha = hasAlpha ? values[from + channels - 1] : 255;
    if (hidden && red === hidden[0] && (isGrey || (green === hidden[1] && blue === hidden[2]))) alpha = 0;
    made[to++] = overWhite(red, alpha);
    made[to++] = overWhite(green, alpha);
    made[to++] = overWhite(blue, alpha);
  }
  return made;
}

// The values of a pixel that is transparent, from tRNS; null where there are none.
function hiddenValues(transparency, channels) {
  if (!transparency || transparency.length < 2 * channels) return null;
  return Array.from({ length: channels }, (_, channel) => transparency[2 * channel] << 8 | transparency[2 * channel + 1]);
}

// 16 bits: two values become 0 and 255, those of the classifier's corpus, or the image's own where it has none.
function deepLevels(png, preprocessing) {
  const { values, colour, channels, transparency } = png, isGrey = PNG_GREY.includes(colour), hasAlpha = PNG_WITH_ALPHA.includes(colour);
  const colours = channels - hasAlpha, hidden = hasAlpha ? null : hiddenValues(transparency, channels);
  const isHidden = (from) => hidden !== null && hidden.every((value, channel) => values[from + channel] === value);
  const [low, high] = preprocessing.integer_range ?? ownRange(values, { channels, colours, isHidden });
  const levels = stretched(low, high), opaque = hasAlpha ? opaqueValue(values, channels, high) : 1;
  const count = values.length / channels, made = new Uint8Array(count * 3);
  for (let at = 0, from = 0; at < count; at++, from += channels) {
    const alpha = hasAlpha ? values[from + channels - 1] : null;
    for (let channel = 0; channel < 3; channel++) {
      const level = levels[values[from + (isGrey ? 0 : channel)]];
      made[3 * at + channel] = isHidden(from) ? 255 : alpha === null ? level : deepOverWhite(level, alpha / opaque);
    }
  }
  return made;
}

// The same in single precision, as NumPy computes it.
function deepOverWhite(level, share) {
  const kept = Math.fround(Math.min(share, 1)), white = Math.fround(255 * Math.fround(1 - kept));
  return roundHalfEven(Math.min(255, Math.fround(Math.fround(level * kept) + white)));
}

// Of what can be seen: grey from its lowest to its highest value, colour from 0 to its full scale.
function ownRange(values, { channels, colours, isHidden }) {
  let low = Infinity, high = -Infinity;
  for (let from = 0; from < values.length; from += channels) {
    if (isHidden(from) || (colours < channels && values[from + colours] === 0)) continue;
    for (let channel = 0; channel < colours; channel++) {
      low = Math.min(low, values[from + channel]);
      high = Math.max(high, values[from + channel]);
    }
  }
  if (high < low) return [0, 0];
  return colours === 1 ? [low, high] : [0, fullScale(high)];
}

// The least of 255, 511, 1,023 … that is not below a value.
function fullScale(highest) {
  const whole = Math.max(0, Math.ceil(highest));
  return 2 ** Math.max(8, whole === 0 ? 0 : Math.floor(Math.log2(whole)) + 1) - 1;
}

// The value of transparency that hides everything behind: a camera of 11 bits writes 2,047 there, or 65,535.
function opaqueValue(values, channels, high) {
  let most = 0;
  for (let at = channels - 1; at < values.length; at += channels) most = Math.max(most, values[at]);
  return most <= fullScale(high) ? fullScale(high) : 65535;
}

// value → level. Where all are equal there is nothing to stretch.
function stretched(low, high) {
  const table = new Uint8Array(1 << 16);
  if (high === low) return table.fill(high > 0 ? 255 : 0);
  for (let value = 0; value < table.length; value++) {
    table[value] = roundHalfEven((Math.min(Math.max(value, low), high) - low) / (high - low) * 255);
  }
  return table;
}
