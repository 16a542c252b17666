// Images that come into the page: examples of the run, and those of whoever uses it.
import { fromBase64 } from "../engine/tensors.js";
import { decode, readImageData, readPixels } from "../pixels/browser.js";
import { CannotRead } from "../pixels/faults.js";

// One of data.examples, {path, class_name, type, data: base64}, whose pixels are those of the network already.
export async function readExample(example) {
  const decoded = await decode(new Blob([fromBase64(example.data)], { type: example.type }), {});
  return { name: example.path, label: example.class_name, pixels: decoded.pixels };
}

// A Blob (a File has a name of its own) or an ImageData → an image for the session; data: the page's document.
export async function readGiven(data, given, name = given?.name) {
  const { preprocessing } = data.classifier;
  if (given instanceof ImageData) return { name: name ?? "image", label: null, pixels: readImageData(given, preprocessing) };
  if (given instanceof Blob) return { name: name ?? "image", label: null, pixels: await readPixels(given, preprocessing) };
  throw new CannotRead("it is neither a Blob nor an ImageData");
}
