// Image files → upright pixels over white, as Hubel reads them: PNG by our own reader, the rest by the browser.
import { CannotRead, checkBytes, checkPixels, IS_DAMAGED } from "./faults.js";
import { pngLevels } from "./levels.js";
import { isPng, readPng } from "./png.js";
import { upright } from "./upright.js";

// bytes: of a PNG → {width, height, pixels: Uint8Array of red, green, blue, format}.
export async function decodePng(bytes, preprocessing) {
  const png = await readPng(bytes);
  return { ...upright({ width: png.width, height: png.height, pixels: pngLevels(png, preprocessing) }, png.orientation), format: "png" };
}
