// Images that come into the page: examples of the run, and those of whoever uses it.
import { fromBase64 } from "../engine/tensors.js";
import { decode } from "../pixels/browser.js";

// One of data.examples, {path, class_name, type, data: base64}, whose pixels are those of the network already.
export async function readExample(example) {
  const decoded = await decode(new Blob([fromBase64(example.data)], { type: example.type }));
  return { name: example.path, label: example.class_name, pixels: decoded.pixels };
}
