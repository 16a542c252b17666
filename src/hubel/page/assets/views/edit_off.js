// Filters switched off: one click each; and which of them matters most for the answer to this image.
import { announce, make } from "../parts/dom.js";
import { percent, short } from "../parts/numbers.js";
import { isolated, pointsInWords } from "../parts/paired.js";
import { drawMap, scaleOf } from "../parts/tiles.js";
import { selectFilter } from "../session/chains.js";
import { withoutEach } from "../session/trials.js";
import { startedTrial } from "./edit_trial.js";

const PAGE = 48, MOST_RANKED = 12;

export function toggleFilter(session, { step, value }, channel) {
  if (session.isOff(value, channel)) return session.switchOn(value, channel);
  return session.edit({ kind: "off", value, channel, words: `${step.name}, filter ${channel}: switched off` });
}

export function editOff(session) {
  const title = make("h3", { text: "What if this filter were switched off?" }), about = make("p.muted"), tiles = editTiles(session), ranking = editRanking(session);
  const element = make("section.edit-off.card", { "aria-label": "Filters switched off" }, title, about, tiles.element, ranking.element);
  const draw = async (subject) => {
    about.textContent = subject.isLogits
      ? `Each filter of ${subject.step.name} is a class. Choose a layer before it.`
      : `A filter that is off hands on a map of zeros (${subject.value}${behindInWords(session, subject)}). One click each, off and on again.`;
    tiles.element.hidden = ranking.element.hidden = subject.isLogits;
    if (subject.isLogits) return;
    await tiles.draw(subject);
    ranking.draw(subject);
  };
  return { element, draw };
}

// ", behind its normalisation and activation", as far as it has them.
function behindInWords(session, { chain }) {
  const kinds = chain.slice(1).map((name) => session.steps.get(name).kind), isNorm = (kind) => kind === "batch_normalisation";
  const parts = [kinds.some(isNorm) && "normalisation", kinds.some((kind) => !isNorm(kind)) && "activation"].filter(Boolean);
  return parts.length ? `, behind its ${parts.join(" and ")}` : "";
}

function editTiles(session) {
  const grid = make("div.edit-tiles", { role: "group", "aria-label": "Filters of this layer" }), where = make("span.muted");
  let first = 0, subject = null, tiles = [], built = "";
  const turn = (by) => { first += by; draw(subject); };
  const back = make("button.quiet", { type: "button", text: "Earlier filters", onclick: () => turn(-PAGE) });
  const next = make("button.quiet", { type: "button", text: "Later filters", onclick: () => turn(PAGE) });
  const pager = make("div.edit-row", {}, back, where, next), element = make("div", {}, grid, pager);
  const build = (count) => {
    tiles = Array.from({ length: count }, (_, place) => {
      const canvas = make("canvas", { "aria-hidden": "true" }), channel = first + place;
      const button = make("button.edit-tile", { type: "button", "data-filter": String(channel), onclick: () => { selectFilter(session, subject.step, channel); toggleFilter(session, subject, channel); } }, canvas, make("span", { text: String(channel) }));
      return { canvas, button, channel };
    });
    grid.replaceChildren(...tiles.map(({ button }) => button));
  };
  async function draw(about) {
    if (subject && subject.step.name !== about.step.name) first = 0;
    subject = about;
    if (session.busy && built.startsWith(about.step.name)) return;  // many maps: once nothing more is on its way
    const value = session.answer ? await session.current(() => session.value(about.value)) : null;
    if (!value) return;
    first = Math.min(Math.max(first, 0), Math.floor((about.filters - 1) / PAGE) * PAGE);
    const count = Math.min(PAGE, about.filters - first), key = `${about.step.name}\n${first}`;
    if (built !== key) build(count);
    built = key;
    const scale = scaleOf(value.data);
    for (const { canvas, button, channel } of tiles) {
      const off = session.isOff(about.value, channel);
      drawMap(canvas, value, channel, scale);
      button.setAttribute("aria-pressed", String(off));
      button.setAttribute("aria-label", `Filter ${channel}, ${off ? "off" : "on"}`);
      button.title = off ? "Switch on" : "Switch off";
    }
    pager.hidden = about.filters <= PAGE;
    back.disabled = first === 0;
    next.disabled = first + PAGE >= about.filters;
    where.textContent = `${first} to ${first + count - 1} of ${about.filters}`;
  }
  return { element, draw };
}

function editRanking(session) {
  let subject = null, ranked = null;
  const result = make("div.scroll", { tabindex: "0", role: "region", "aria-label": "Filters by what they matter" });
  const trial = startedTrial({
    text: "Which filter matters most here?",
    about: "Switches each filter of this layer off in turn, for this image.",
    async act(signal, heard) {
      const { step, value, filters } = subject, channels = Array.from({ length: filters }, (_, channel) => channel).filter((channel) => !session.isOff(value, channel));
      const now = session.answer, found = await withoutEach(session, { value, channels, signal, heard });
      if (!found) return "Stopped: the image or the network is another one now, or you stopped it.";
      ranked = { step, edits: session.edits, image: session.image, rows: rankedFilters(now, found) };
      show();
      return `${step.name}: ${rankingInWords(ranked.rows, now)}`;
    },
  });
  const show = () => {
    result.replaceChildren(ranked ? rankedTable(session, subject, ranked.rows) : "");
    result.hidden = !ranked;
  };
  const draw = (about) => {
    subject = about;
    if (ranked && (ranked.step !== about.step || ranked.edits !== session.edits || ranked.image !== session.image)) {
      ranked = null;
      trial.clear();
    }
    show();
  };
  return { element: make("div.edit-ranking", {}, trial.element, result), draw };
}

// [{channel, answer, difference, logits, other}], the filter whose loss changes the answer most at the front.
// difference: of the probability of the class that was the answer; where probabilities differ by nothing, its logit decides.
export function rankedFilters(now, found) {
  const rows = found.map(({ channel, answer }) => ({
    channel, answer,
    difference: answer.probabilities[now.best] - now.probabilities[now.best],
    logit: answer.logits[now.best] - now.logits[now.best],
    other: answer.best !== now.best,
  }));
  return rows.sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || Math.abs(b.logit) - Math.abs(a.logit) || a.channel - b.channel);
}

function rankingInWords(rows, now) {
  const others = rows.filter(({ other }) => other).length, [{ channel, difference }] = rows;
  const change = others === 0 ? "no single filter changes the answer" : others === 1 ? "without one filter the answer is another one" : `without ${others} filters, each on its own, the answer is another one`;
  return `${change}. Filter ${channel} matters most: ${pointsInWords(difference)} points of ${isolated(now.className)}.`;
}

function rankedTable(session, subject, rows) {
  const head = ["Filter", "Its class without it", "Points", "Logit", "Answer without it", "Try it"].map((text, place) => make(place && place < 4 ? "th.number" : "th", { scope: "col", text }));
  const body = rows.slice(0, MOST_RANKED).map(({ channel, answer, difference, logit, other }) => make("tr", {},
    make("th", { scope: "row", text: String(channel) }),
    make("td.number", { text: percent(answer.probabilities[session.answer.best]) }),
    make("td.number", { text: pointsInWords(difference) }),
    make("td.number", { text: short(logit) }),
    make(other ? "td.warning" : "td", {}, make("bdi", { text: answer.className })),
    make("td", {}, make("button.quiet.edit-small", { type: "button", text: "Switch off", "aria-label": `Switch off filter ${channel}`, onclick: () => { selectFilter(session, subject.step, channel); toggleFilter(session, subject, channel); announce(`Filter ${channel} is switched off.`); } }))));
  return make("table.edit-ranked", {}, make("caption.unseen", { text: "Filters, the one that matters most first" }), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
}
