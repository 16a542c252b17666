// EXIF orientation: how a camera was held, and the image turned by it.

const ORIENTATION_TAG = 0x0112;

// tiff: the content of an EXIF block, with or without its name in front; gives 1 to 8, and 1 where nothing can be read.
export function orientationOf(tiff) {
  const named = tiff.length > 6 && String.fromCharCode(...tiff.subarray(0, 6)) === "Exif\0\0", block = named ? tiff.subarray(6) : tiff;
  try {
    const view = new DataView(block.buffer, block.byteOffset, block.length), low = view.getUint16(0) === 0x4949;
    if (!low && view.getUint16(0) !== 0x4d4d) return 1;
    const start = view.getUint32(4, low), count = view.getUint16(start, low);
    for (let entry = start + 2; entry < start + 2 + 12 * count; entry += 12) {
      if (view.getUint16(entry, low) !== ORIENTATION_TAG) continue;
      const value = view.getUint16(entry + 8, low);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;  // damaged words about an image that may be fine
  }
  return 1;
}

// image: {width, height, pixels: Uint8Array of red, green, blue} as it is stored → as it is to be seen.
export function upright(image, orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const { width, height, pixels } = image, onItsSide = orientation >= 5;
  const fromRight = [2, 3, 7, 8].includes(orientation), fromBelow = [3, 4, 6, 7].includes(orientation);
  const made = { width: onItsSide ? height : width, height: onItsSide ? width : height, pixels: new Uint8Array(pixels.length) };
  let to = 0;
  for (let row = 0; row < made.height; row++) {
    for (let column = 0; column < made.width; column++) {
      const across = onItsSide ? row : column, down = onItsSide ? column : row;
      const x = fromRight ? width - 1 - across : across, y = fromBelow ? height - 1 - down : down;
      const from = (y * width + x) * 3;
      made.pixels[to++] = pixels[from];
      made.pixels[to++] = pixels[from + 1];
      made.pixels[to++] = pixels[from + 2];
    }
  }
  return made;
}
