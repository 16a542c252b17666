// What a JPEG file says of itself, and how Hubel shrinks large ones while it decodes them.
import { CannotRead, ENDS_EARLY, IS_DAMAGED } from "./faults.js";
import { orientationOf } from "./upright.js";

const JPEG_APPLICATION_1 = 0xe1, JPEG_APPLICATION_2 = 0xe2, JPEG_SCAN = 0xda, JPEG_END = 0xd9;
const JPEG_NO_FRAME = [0xc4, 0xc8, 0xcc];  // in the range of markers that begin a frame

export const isJpeg = (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

// {width, height, orientation, sampling, plain}: as stored; sampling has for each component how often it is there across
// (high half of the byte) and down; plain is the file without what a browser would turn it by (EXIF) or change its
// colours by (profiles).
export function readJpegHead(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), parts = [bytes.subarray(0, 2)];
  const head = { width: 0, height: 0, orientation: 1 };
  for (let place = 2; place + 4 <= bytes.length;) {
    const marker = bytes[place + 1], length = view.getUint16(place + 2), end = place + 2 + length;
    if (bytes[place] !== 0xff) throw new CannotRead(IS_DAMAGED);
    if (marker === 0xff) {  // filling
      place++;
      continue;
    }
    if (marker === JPEG_SCAN) {
      parts.push(bytes.subarray(place));
      if (!head.width || !head.height) throw new CannotRead(IS_DAMAGED);
      checkJpegEnd(bytes, place);
      return { ...head, plain: joinedBytes(parts) };
    }
    if (marker >= 0xc0 && marker <= 0xcf && !JPEG_NO_FRAME.includes(marker) && end <= bytes.length) {
      head.height = view.getUint16(place + 5);
      head.width = view.getUint16(place + 7);
      head.sampling = [...bytes.subarray(place + 10, end)].filter((_, at) => at % 3 === 1);
    }
    if (marker === JPEG_APPLICATION_1 && head.orientation === 1) head.orientation = orientationOf(bytes.subarray(place + 4, end));
    if (marker !== JPEG_APPLICATION_1 && marker !== JPEG_APPLICATION_2) parts.push(bytes.subarray(place, end));
    place = end;
  }
  throw new CannotRead(ENDS_EARLY);
}

// In one piece: Firefox looks at the first part of a Blob only when it asks what a file is.
function joinedBytes(parts) {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    made.set(part, place);
    place += part.length;
  }
  return made;
}

// Of a file that stops too early, a browser shows what there is, and grey.
function checkJpegEnd(bytes, start) {
  for (let place = start; place + 1 < bytes.length;) {
    const marker = bytes[place + 1], isMarker = bytes[place] === 0xff && marker !== 0 && marker !== 0xff && (marker < 0xd0 || marker > 0xd7);
    if (!isMarker) place++;
    else if (marker === JPEG_END) return;
    else place += 2 + (bytes[place + 2] << 8 | bytes[place + 3]);
  }
  throw new CannotRead(ENDS_EARLY);
}

// What a side is divided by: Hubel decodes a JPEG at a half, a quarter or an eighth while it stays twice the working size.
export function jpegFraction(head, { height, width }) {
  const [across, down] = head.orientation >= 5 ? [height, width] : [width, height];
  const times = Math.min(Math.floor(head.width / (2 * across)), Math.floor(head.height / (2 * down)));
  return [8, 4, 2].find((fraction) => times >= fraction) ?? 1;
}
