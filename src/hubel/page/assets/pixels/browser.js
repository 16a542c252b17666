// Image files → upright pixels over white, as Hubel reads them: PNG by our own reader, the rest by the browser.
import { fromBase64 } from "../engine/tensors.js";
import { CannotRead, checkBytes, checkPixels, IS_DAMAGED } from "./faults.js";
import { isJpeg, jpegFraction, readJpegHead } from "./jpeg.js";
import { shrunk } from "./jpeg_shrink.js";
import { overWhite, pngLevels } from "./levels.js";
import { isPng, readPng } from "./png.js";
import { resize } from "./resize.js";
import { orientationOf, upright } from "./upright.js";

// Formats that the browser may read for us: how their files begin, at which byte, and their type.
const BROWSER_FORMATS = [
  ["GIF8", 0, "image/gif"], ["WEBP", 8, "image/webp"], ["BM", 0, "image/bmp"], ["\0\0\x01\0", 0, "image/x-icon"], ["ftypavif", 4, "image/avif"],
];
// Formats that Hubel reads and this page does not.
const OTHER_FORMATS = [
  ["II*\0", 0, "a TIFF"], ["MM\0*", 0, "a TIFF"], ["II+\0", 0, "a TIFF"], ["MM\0+", 0, "a TIFF"], ["ftyp", 4, "a HEIC or a film"],
  ["%PDF", 0, "a PDF"], ["<svg", 0, "a drawing (SVG)"], ["<?xml", 0, "a drawing (SVG)"], ["PK", 0, "an archive"],
];

// The pixels of a file at the working size: Uint8Array [height * width * 3]. preprocessing: of the classifier.
export async function readPixels(blob, preprocessing) {
  return resize(await decode(blob, preprocessing), preprocessing);
}

// The pixels of a canvas: transparent ones over white, at the working size.
export function readImageData({ width, height, data }, preprocessing) {
  checkPixels(width, height);
  return resize({ width, height, pixels: rgbOverWhite(data) }, preprocessing);
}

// A file as Hubel decodes it, upright and over white: {width, height, pixels: Uint8Array of red, green, blue}.
export async function decode(blob, preprocessing) {
  checkBytes(blob.size);
  checkBands(preprocessing);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (isPng(bytes)) return decodePng(bytes, preprocessing);
  if (isJpeg(bytes)) return decodeJpeg(bytes, preprocessing);
  const type = beginsAs(bytes, BROWSER_FORMATS);
  if (type !== null) return decodeByBrowser(bytes, type);
  const other = beginsAs(bytes, OTHER_FORMATS);
  if (other !== null) throw new CannotRead(`it is ${other}, which this page does not read: save it as PNG or JPEG`);
  throw new CannotRead("it is in no image format that this page reads: save it as PNG or JPEG");
}

function checkBands({ bands }) {
  if (bands?.length) throw new CannotRead(`this classifier takes the bands ${bands.join(", ")} of its images, and a page takes none apart`);
}

function beginsAs(bytes, formats) {
  const isThere = ([beginning, place]) => [...beginning].every((each, at) => bytes[place + at] === each.charCodeAt(0));
  return formats.find(isThere)?.[2] ?? null;
}

// bytes: of a PNG.
export async function decodePng(bytes, preprocessing) {
  const png = await readPng(bytes);
  return upright({ width: png.width, height: png.height, pixels: pngLevels(png, preprocessing) }, png.orientation);
}

async function decodeJpeg(bytes, preprocessing) {
  const head = readJpegHead(bytes), file = new Blob([head.plain], { type: "image/jpeg" });
  checkPixels(head.width, head.height);
  const fraction = jpegFraction(head, preprocessing);
  const image = await smallerPixels(file, head, fraction) ?? shrunk(await paintedPixels(file), fraction, head.sampling);
  return upright(image, head.orientation);
}

// A JPEG decoded at a fraction of its size, exactly as Hubel does; null where the browser has no decoder for programs.
async function smallerPixels(file, { width, height }, fraction) {
  if (fraction === 1 || !await decodesFractions()) return null;
  const size = { width: Math.ceil(width / fraction), height: Math.ceil(height / fraction) };
  const image = await programmedPixels(file, { desiredWidth: size.width, desiredHeight: size.height });
  return image?.width === size.width && image.height === size.height ? image : null;
}

// Chromium's decoder takes means of pixels, as libjpeg does for Hubel; Firefox' makes the image smaller in a way of its own.
// A JPEG of 16 × 8 pixels of grey tells: 64, from the sixth column on 192, and 64 again from the eleventh.
const STEPS_JPEG = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAAIABABAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABsQAAEFAQEAAAAAAAAAAAAAAAcABgk4t3iH/9oACAEBAAA/AD/Clad/c/urRRUj/KRe05+ZY6Pl/9k=";
const STEPS_HALVED = [64, 64, 128, 192, 192, 64, 64, 64];
let fractionsAreMeans = null;

function decodesFractions() {
  const compare = async () => {
    const file = new Blob([fromBase64(STEPS_JPEG)], { type: "image/jpeg" }), made = await programmedPixels(file, { desiredWidth: 8, desiredHeight: 4 });
    return made?.width === 8 && STEPS_HALVED.every((level, column) => Math.abs(made.pixels[3 * column] - level) <= 1);
  };
  fractionsAreMeans ??= compare();
  return fractionsAreMeans;
}

// A canvas keeps colours multiplied with their transparency, and rounds them; a decoder for programs does not. It is only
// asked about WebP: of AVIF it gives other colours, and the rest is opaque or clear.
async function decodeByBrowser(bytes, type) {
  if (type !== "image/webp") return paintedPixels(new Blob([bytes], { type }));
  const { orientation, plain } = withoutOrientation(bytes), file = new Blob([plain], { type }), painted = await paintedPixels(file);
  const exact = painted.isClear ? await programmedPixels(file, { premultiplyAlpha: "none" }) : null;
  return upright(exact && isNearlySame(exact.pixels, painted.pixels) ? exact : painted, orientation);
}

// Firefox multiplies where it is asked not to: then the levels are far from those that are painted.
const isNearlySame = (one, other) => one.length === other.length && one.every((level, at) => Math.abs(level - other[at]) <= 2);

// Some browsers turn a WebP as its EXIF orientation says, some do not: {orientation, plain: the file with EXIF renamed}.
function withoutOrientation(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let place = 12; place + 8 <= bytes.length;) {
    const length = view.getUint32(place + 4, true);
    if (beginsAs(bytes.subarray(place, place + 4), [["EXIF", 0, true]])) {
      const plain = bytes.slice();
      plain.set([0x6a, 0x75, 0x6e, 0x6b], place);  // a name that no reader knows
      return { orientation: orientationOf(bytes.subarray(place + 8, place + 8 + length)), plain };
    }
    place += 8 + length + length % 2;
  }
  return { orientation: 1, plain: bytes };
}

// As the browser paints it: over white, and whether any pixel is neither opaque nor wholly transparent.
async function paintedPixels(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => null);
  if (bitmap === null) throw new CannotRead(IS_DAMAGED);
  const { width, height } = bitmap;
  checkPixels(width, height);
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, pixels: rgbOverWhite(data), isClear: isPartlyClear(data) };
}

// By WebCodecs, where there is such a thing; else null.
async function programmedPixels(file, wishes) {
  if (typeof ImageDecoder === "undefined") return null;
  try {
    const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: file.type, colorSpaceConversion: "none", ...wishes });
    const { image } = await decoder.decode(), { width, height } = image.visibleRect, data = new Uint8Array(width * height * 4);
    await image.copyTo(data, { format: "RGBA" });
    image.close();
    decoder.close();
    return { width, height, pixels: rgbOverWhite(data) };
  } catch {
    return null;  // the painted pixels have to do
  }
}

function rgbOverWhite(data) {
  const pixels = new Uint8Array(data.length / 4 * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3];
    if (alpha === 255) {
      pixels[to] = data[from];
      pixels[to + 1] = data[from + 1];
      pixels[to + 2] = data[from + 2];
    } else for (let channel = 0; channel < 3; channel++) pixels[to + channel] = overWhite(data[from + channel], alpha);
  }
  return pixels;
}

function isPartlyClear(data) {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 0 && data[at] !== 255) return true;
  return false;
}
