// The page's head and foot: what network this is, full screen, and which keys there are.
import { get, make } from "../parts/dom.js";
import { grouped, percent } from "../parts/numbers.js";

// Counts as people say them: 401 M, 12.3 G.
export function largeNumber(count) {
  if (!Number.isFinite(count)) return "unknown";
  const step = [[1e12, "T"], [1e9, "G"], [1e6, "M"]].find(([size]) => count >= size);
  return step ? `${Number((count / step[0]).toPrecision(3))}\u00a0${step[1]}` : grouped(count);
}

// The same in words: 97.5 billion.
export const inWords = (count) => largeNumber(count).replace("T", "trillion").replace("G", "billion").replace("M", "million");

// What the network is, in a line.
export function networkWords(data) {
  const [height, width] = data.graph.image_size, { total, classifier, run } = data;
  const words = [
    run?.architecture,
    `images of ${width} × ${height} pixels`,
    `${classifier.class_names.length} classes`,
    `${data.layers.length} layers`,
    `${grouped(total.parameters)} parameters`,
  ];
  if (Number.isFinite(total.macs)) words.push(`${largeNumber(total.macs)} MACs an image`);
  if (Number.isFinite(run?.accuracy)) words.push(accuracyWords(run));
  return words.filter(Boolean).join(" · ").replaceAll(" %", "\u00a0%");
}

function accuracyWords({ accuracy, accuracy_interval: interval, examples }) {
  const range = interval?.length === 2 ? ` (${percent(interval[0])} to ${percent(interval[1])})` : "";
  return `accuracy ${percent(accuracy)}${range}${examples ? ` on ${grouped(examples)} test images` : ""}`;
}

export function showHeader(session) {
  get("about-network").textContent = networkWords(session.data);
  get("made-by").textContent = session.data.classifier.made_by ? `Made by ${session.data.classifier.made_by}.` : "";
  const button = get("full-screen"), root = document.documentElement;
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", toggleFullScreen);
  document.addEventListener("fullscreenchange", () => {
    const full = document.fullscreenElement !== null;
    button.setAttribute("aria-pressed", String(full));
    button.textContent = full ? "Leave full screen" : "Full screen";
    root.classList.toggle("projected", full);
  });
}

export function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

// The keys that work everywhere; views say their own on themselves.
export function showKeys(views) {
  const box = get("keys");
  const row = (keys, words) => make("div", {}, make("dt", {}, ...keys.flatMap((key, place) => [place ? " " : "", make("kbd", { text: key })])), make("dd", { text: words }));
  box.append(
    make("h2", { id: "keys-title", text: "Keys" }),
    make("dl.facts", {},
      row([`1 – ${Math.min(9, views.length)}`], "go to a view"),
      row(["←", "→"], "previous and next map"),
      row(["↑", "↓"], "previous and next layer"),
      row(["F"], "full screen, for a projector"),
      row(["?"], "this list"),
      row(["Esc"], "close, or leave full screen")),
    make("p.muted", { text: "On a large map, the arrow keys move the place, and Enter works its value out." }),
    make("button", { type: "button", text: "Close", onclick: () => box.close() }));
  get("show-keys").addEventListener("click", () => box.showModal());
}
