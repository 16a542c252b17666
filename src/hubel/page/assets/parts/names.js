// Names of layers, classes and files on the page: text that keeps its own direction, and may break behind _ and /.
import { make } from "./dom.js";

export function nameOf(text) {
  const parts = String(text).split(/(?<=[_/])/);
  return make("bdi", {}, ...parts.flatMap((part, place) => (place ? [make("wbr"), part] : [part])));
}
