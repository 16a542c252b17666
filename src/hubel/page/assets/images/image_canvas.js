// An image of the network's size on a canvas, one pixel for each of its own.
import { make } from "../parts/dom.js";
import { drawPixels } from "../parts/tiles.js";

// size: [height, width]; gives {element, draw(pixels, words)}: words say what is seen.
export function imageCanvas([height, width]) {
  const element = make("canvas.image-pixels", { role: "img" });
  element.width = width;
  element.height = height;
  const draw = (pixels, words) => {
    drawPixels(element, pixels, [height, width]);
    element.setAttribute("aria-label", words);
  };
  return { element, draw };
}
