// An image of the network's size on a canvas, one pixel for each of its own.
import { make } from "../parts/dom.js";

// size: [height, width]; gives {element, draw(pixels, words)}: words say what is seen.
export function imageCanvas([height, width]) {
  const element = make("canvas.image-pixels", { role: "img" });
  element.width = width;
  element.height = height;
  const context = element.getContext("2d");
  const draw = (pixels, words) => {
    const painted = context.createImageData(width, height);
    for (let at = 0, from = 0; from < pixels.length; at += 4, from += 3) {
      painted.data[at] = pixels[from];
      painted.data[at + 1] = pixels[from + 1];
      painted.data[at + 2] = pixels[from + 2];
      painted.data[at + 3] = 255;
    }
    context.putImageData(painted, 0, 0);
    element.setAttribute("aria-label", words);
  };
  return { element, draw };
}
