// Images as a browser decodes them → the pixels of the network.

// The pixels of an image as the browser decodes it: {width, height, pixels: Uint8Array, red, green, blue}; over white.
export async function decode(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, bitmap.width, bitmap.height);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const pixels = new Uint8Array(bitmap.width * bitmap.height * 3);
  for (let at = 0, from = 0; at < pixels.length; at += 3, from += 4) {
    pixels[at] = data[from];
    pixels[at + 1] = data[from + 1];
    pixels[at + 2] = data[from + 2];
  }
  return { width: bitmap.width, height: bitmap.height, pixels };
}
