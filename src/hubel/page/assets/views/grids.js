// Many small drawings that can be chosen: a grid of tiles, kept from one drawing to the next so that nothing jumps, and its pages.
import { make } from "../parts/dom.js";
import { grouped } from "../parts/numbers.js";

// A choice of layers; it selects for all views.
export function layerChoice(session, layers) {
  const choice = make("select", { onchange: () => session.select({ layer: choice.value }) });
  choice.append(...layers.map((layer) => make("option", { value: layer.name, text: `${layer.name} (${layer.output.join(" × ")})` })));
  return choice;
}

// Tiles: fill(items, show(item, tile)) shows an item in each; tile: {draw(first, second), say({...}), act}.
export function tileGrid(name) {
  const grid = make("div.tile-grid", { role: "group", "aria-label": name }), tiles = [];
  grid.addEventListener("keydown", (event) => gridKeys(event, tiles));
  grid.fill = (items, show) => {
    while (tiles.length < items.length) {
      const tile = new Tile();
      tiles.push(tile);
      grid.append(tile.root);
    }
    while (tiles.length > items.length) tiles.pop().root.remove();
    items.forEach((item, place) => show(item, tiles[place]));
    const chosen = tiles.find((tile) => tile.root.getAttribute("aria-pressed") === "true") ?? tiles[0];
    for (const tile of tiles) tile.root.tabIndex = tile === chosen ? 0 : -1;
  };
  return grid;
}

class Tile {
  constructor() {
    this.canvas = make("canvas.pixels", { "aria-hidden": "true" });
    this.words = make("span.tile-words");
    this.root = make("button.map-tile", { type: "button", onclick: () => this.act?.() }, make("span.tile-pair", {}, this.canvas), this.words);
  }

  draw(first, second = null) {
    first(this.canvas);
    if (second) {
      this.second ??= make("canvas.pixels", { "aria-hidden": "true" });
      this.canvas.after(this.second);
      second(this.second);
    } else this.second?.remove();
  }

  say({ number, state = "", plain = false, chosen = false, name, wide = 1 }) {
    this.words.textContent = state ? `${number}${plain ? ":" : ""} ${state}` : String(number);
    this.root.dataset.state = plain ? "" : state;
    this.root.title = name;
    this.root.setAttribute("aria-label", name);
    this.root.setAttribute("aria-pressed", String(chosen));
    this.root.style.setProperty("--wide", Math.min(4, Math.max(0.25, wide)));
  }
}

// A grid is one stop of the Tab key; arrows go from tile to tile, up and down by rows.
function gridKeys(event, tiles) {
  const at = tiles.findIndex((tile) => tile.root === document.activeElement);
  if (at < 0) return;
  const across = tiles.filter((tile) => tile.root.offsetTop === tiles[0].root.offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -at, End: tiles.length - 1 - at }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  tiles[Math.min(tiles.length - 1, Math.max(0, at + step))].root.focus();
}

// Pages of a grid that is too large for one: {root, show(page, {count, each, what}) → the page that is shown}.
export function pager(go) {
  let now = 0;
  const words = make("span"), turn = (step) => make("button.plain", { type: "button", onclick: () => go(now + step), text: step < 0 ? "Previous" : "Next" });
  const [back, on] = [turn(-1), turn(1)], root = make("div.pager", {}, back, words, on);
  return {
    root,
    show(page, { count, each, what }) {
      const last = Math.max(0, Math.ceil(count / each) - 1);
      now = Math.min(last, Math.max(0, page));
      root.hidden = last === 0;
      back.disabled = now === 0;
      on.disabled = now === last;
      words.textContent = `${what} ${grouped(now * each)} to ${grouped(Math.min(count, (now + 1) * each) - 1)} of ${grouped(count)}`.replace(/^./, (first) => (what ? first.toUpperCase() : first));
      return now;
    },
  };
}
