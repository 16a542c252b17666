// "Change the image": paint on it, move it, turn it, and watch maps and answer follow.
import { make } from "../parts/dom.js";
import { drawnWhileSeen, undoneByKeys } from "../parts/seen.js";
import { paintAnswer } from "./paint_answer.js";
import { paintCanvas } from "./paint_canvas.js";
import { paintControls } from "./paint_controls.js";
import { paintShift } from "./paint_shift.js";
import { Painting } from "./paint_state.js";
import { paintTools } from "./paint_tools.js";

const BRUSH_SHARE = 14;  // so many brushes fill the shorter side

// What is painted on, for all parts of the view: {painting, brush, act(change)}; `act` changes it and lets the network follow.
class Easel {
  constructor(session) {
    this.session = session;
    this.painting = null;
    this.brush = { tool: "brush", size: 3, colour: [255, 255, 255] };
    this.shown = null;  // the image that was handed to the session last
    this.listeners = new Set();
  }

  // Another image came from somewhere else: it is the original from here on.
  take(image) {
    if (!image || image === this.shown) return;
    this.shown = image;
    const size = this.session.data.graph.image_size;
    if (!this.painting) this.brush.size = Math.max(1, Math.round(Math.min(...size) / BRUSH_SHARE));
    this.painting = new Painting(image.original ?? image, size);
    this.tell();
  }

  act(change) {
    if (!this.painting) return;
    change(this.painting);
    this.shown = this.painting.asImage();
    this.tell();
    this.session.setImage(this.shown).catch(() => {});  // the session says it
  }

  tell() {
    for (const listener of this.listeners) listener(this.painting);
  }
}

export const paint = {
  id: "paint",
  title: "Change the image",
  about: "Paint on the image, move it, turn it, darken it, and watch the maps and the answer follow.",
  make(root, session) {
    const easel = new Easel(session), tools = paintTools(easel), canvas = paintCanvas(easel), controls = paintControls(easel);
    const answer = paintAnswer(session, easel), shift = paintShift(session);
    root.append(
      make("div.paint-panels", {},
        make("section.paint-image.card", { "aria-label": "The image" }, tools.element, canvas.element),
        make("div.edit-side", {}, answer.element, shift.element), controls.element),
    );
    easel.listeners.add((painting) => [tools, canvas, controls].forEach((part) => part.draw(painting)));
    const draw = drawnWhileSeen(root, async () => {
      easel.take(session.image);
      await answer.draw();
      shift.draw();
    });
    session.on("image values answer select edits busy", draw);
    undoneByKeys(root, () => easel.act((painting) => painting.undo()), () => easel.act((painting) => painting.redo()));
    draw();
    return { shown: draw };
  },
};
