// Window by window: play, step, speed, and a line to draw along.
import { make } from "../parts/dom.js";

const PLAYER_SPEEDS = { slow: 1500, normal: 600, fast: 150 };  // milliseconds that a window stands

// move: (place) → a promise of its drawing; halted: called when somebody stops it. `show` says where it stands.
export class Player {
  constructor({ move, halted = () => {}, what = "window" }) {
    Object.assign(this, { move, halted, what, at: 0, count: 1, timer: null });
    const press = (text, title, act) => make("button", { type: "button", text, title, onclick: act });
    this.button = press("Play", "play or pause (space bar)", () => this.toggle());
    this.button.classList.add("main");
    this.speed = make("select", {}, ...Object.keys(PLAYER_SPEEDS).map((name) => make("option", { text: name, value: name })));
    this.speed.value = "normal";
    this.line = make("input", { type: "range", min: "0", "aria-label": what, oninput: () => this.go(Number(this.line.value)) });
    this.where = make("output.window-where");
    this.element = make("div.window-player", { role: "group", "aria-label": `Move ${what} by ${what}` },
      press("|<", `first ${what}`, () => this.go(0)), press("Back", `one ${what} back`, () => this.go(this.at - 1)), this.button, press("Next", `one ${what} on`, () => this.go(this.at + 1)),
      this.line, this.where, make("label", {}, "Speed ", this.speed));
  }

  get playing() {
    return this.timer !== null;
  }

  show(at, count) {
    Object.assign(this, { at, count });
    this.line.setAttribute("aria-label", this.what);
    this.line.max = String(Math.max(0, count - 1));
    this.line.value = String(at);
    this.where.textContent = `${this.what} ${at + 1} of ${count}`;
    if (!this.playing) this.button.textContent = "Play";
  }

  stop() {
    if (!this.playing) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.button.textContent = "Play";
    this.halted();
  }

  async go(at) {
    this.stop();
    await this.move(Math.min(Math.max(at, 0), this.count - 1));
    this.halted();
  }

  toggle() {
    if (this.playing) {
      this.stop();
      return;
    }
    this.button.textContent = "Pause";
    this.#next(this.at === this.count - 1 ? 0 : this.at + 1);
  }

  #next(at) {
    this.timer = setTimeout(async () => {
      await this.move(at);
      if (!this.playing) return;
      if (at === this.count - 1) this.stop(); else this.#next(at + 1);
    }, PLAYER_SPEEDS[this.speed.value]);
  }
}

// Arrow keys, Home, End and the space bar, where no control of the page takes them. step: (down, across) → …
export function followKeys(element, { step, player }) {
  element.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    const onButton = event.target.closest("button, a, summary");
    const act = {
      ArrowRight: () => step(0, 1), ArrowLeft: () => step(0, -1), ArrowDown: () => step(1, 0), ArrowUp: () => step(-1, 0),
      Home: () => player.go(0), End: () => player.go(player.count - 1), " ": onButton ? null : () => player.toggle(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}
