// The image, large, to paint on: with the pointer, or with arrow keys and space.
import { make } from "../parts/dom.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function paintCanvas(easel) {
  const canvas = make("canvas.paint-canvas", { tabindex: "0", role: "application", "aria-label": "The image. Arrow keys move the brush or the image, space paints." });
  const cursor = make("span.paint-cursor", { "aria-hidden": "true" }), field = make("div.paint-field", {}, canvas, cursor);
  const hint = make("p.muted.paint-hint", { text: "Paint with the pointer. With the keyboard: arrow keys move the brush, or the image with Move; space paints." });
  const state = { at: null, last: null, box: null };
  const placeOf = (event) => {
    const box = state.box ?? canvas.getBoundingClientRect(), [height, width] = easel.painting.size;  // laid out once in a stroke
    return [((event.clientY - box.top) / box.height) * height, ((event.clientX - box.left) / box.width) * width];
  };
  const paintTo = (place) => {
    easel.act((painting) => actAt(painting, easel.brush, state.last ?? place, place));
    state.last = place;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!easel.painting || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    state.last = null;
    state.box = canvas.getBoundingClientRect();
    easel.painting.endStep();
    paintTo(placeOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!easel.painting) return;
    state.at = placeOf(event);
    drawCursor();
    if (canvas.hasPointerCapture(event.pointerId)) paintTo(state.at);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { state.last = state.box = null; easel.painting?.endStep(); });
  canvas.addEventListener("keydown", (event) => onKey(event));
  function onKey(event) {
    const painting = easel.painting, arrow = ARROWS[event.key];
    if (!painting || (!arrow && event.key !== " ")) return;
    event.preventDefault();
    event.stopPropagation();
    if (arrow && easel.brush.tool === "move") return easel.act((each) => { each.endStep(); moveBy(each, arrow, "move by keys"); each.endStep(); });
    const at = state.at ?? painting.size.map((side) => side / 2);
    if (arrow) state.at = at.map((place, axis) => Math.min(Math.max(place + arrow[axis] * (event.shiftKey ? 4 : 1), 0.5), painting.size[axis] - 0.5));
    else if (easel.brush.tool !== "move") easel.act((each) => { each.endStep(); actAt(each, easel.brush, at, at); each.endStep(); });
    return drawCursor();
  }
  function drawCursor() {
    const { size, tool } = easel.brush, painting = easel.painting;
    cursor.hidden = !painting || !state.at || tool === "move";
    if (cursor.hidden) return;
    const [height, width] = painting.size;
    cursor.classList.toggle("square", tool === "patch");
    Object.assign(cursor.style, { width: `${(100 * size) / width}%`, height: `${(100 * size) / height}%`, left: `${(100 * state.at[1]) / width}%`, top: `${(100 * state.at[0]) / height}%` });
  }
  const draw = (painting) => {
    if (!painting) return;
    const [height, width] = painting.size, { pixels } = easel.shown;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    field.style.setProperty("--wide", String(width / height));
    const image = new ImageData(width, height);
    for (let at = 0, from = 0; from < pixels.length; at += 4, from += 3) {
      image.data[at] = pixels[from];
      image.data[at + 1] = pixels[from + 1];
      image.data[at + 2] = pixels[from + 2];
      image.data[at + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    canvas.classList.toggle("moves", easel.brush.tool === "move");
    drawCursor();
  };
  return { element: make("div", {}, field, hint), draw };
}

// What a tool does between two places of the image as it is shown.
function actAt(painting, brush, from, to) {
  if (brush.tool === "move") return dragged(painting, from, to);
  painting.beginStep("stroke");
  return painting.stroke(from, to, { size: brush.size, square: brush.tool === "patch", colour: brush.tool === "erase" ? null : brush.colour });
}

// Parts of a pixel are kept for the next move of the pointer.
function dragged(painting, from, to) {
  if (painting.gesture !== "drag") painting.rest = [0, 0];
  painting.rest = painting.rest.map((part, axis) => part + to[axis] - from[axis]);
  const whole = painting.rest.map(Math.round);
  painting.rest = painting.rest.map((part, axis) => part - whole[axis]);
  if (whole[0] || whole[1] || painting.gesture !== "drag") moveBy(painting, whole, "drag");
}

export function moveBy(painting, [down, right], name) {
  const [height, width] = painting.size, kept = (place, side) => Math.min(Math.max(place, 1 - side), side - 1);
  painting.change({ down: kept(painting.changes.down + down, height), right: kept(painting.changes.right + right, width) }, name);
}
