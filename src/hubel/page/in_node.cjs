// The engine of a finished page without a browser: node in_node.cjs PAGE PIXELS LOOKED OUT
// PIXELS: the bytes of all images, red, green, blue. OUT gets float32, low byte first: the logits of all images, then, of each of
// the first LOOKED images, every value in the order of the network's steps. Prints JSON.
"use strict";
const { closeSync, openSync, readFileSync, writeSync } = require("node:fs");
const { runInThisContext } = require("node:vm");

process.on("uncaughtException", (error) => {
  console.error(String(error));
  process.exit(1);
});
const [page, pixelFile, looked, out] = process.argv.slice(2);
const html = readFileSync(page, "utf8");

// The text of the script element with an id.
function inside(id) {
  const tag = html.indexOf(`id="${id}">`), start = html.indexOf(">", tag) + 1;
  if (tag < 0) throw new Error(`the page has no ${id}`);
  return html.slice(start, html.indexOf("</script>", start));
}

// A browser gives the engine's script a thread of its own, with these names.
const answers = [];
globalThis.WorkerGlobalScope = class {};
globalThis.self = new WorkerGlobalScope();
self.postMessage = (answer) => answers.push(answer);
runInThisContext(inside("page-engine"), { filename: "engine" });

function ask(task, given) {
  self.onmessage({ data: { id: 1, task, ...given } });
  const { result, error } = answers.pop();
  if (error !== undefined) throw new Error(error);
  return result;
}

const data = JSON.parse(inside("page-data")), { graph } = data, [height, width] = graph.image_size;
const loaded = ask("load", { graph, index: data.tensors, bytes: new Uint8Array(Buffer.from(inside("page-weights"), "base64")), seal: data.seal });
const pixels = new Uint8Array(readFileSync(pixelFile)), size = height * width * 3, kept = [], times = [];
const file = openSync(out, "w");
for (let from = 0; from < pixels.length; from += size) {
  const start = performance.now();
  const { logits } = ask("run", { pixels: pixels.slice(from, from + size), slot: "image" });
  times.push(performance.now() - start);
  writeSync(file, logits.data);
  if (kept.length < Number(looked)) kept.push(graph.steps.map(({ name }) => ask("value", { slot: "image", name }).data));
}
for (const values of kept) for (const value of values) writeSync(file, value);
closeSync(file);
console.log(JSON.stringify({ images: times.length, looked: kept.length, milliseconds: times, ...loaded }));
