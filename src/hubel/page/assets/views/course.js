// The course: fifteen stations on this very network, one after the other, as slides.
import { announce, get, make } from "../parts/dom.js";
import { toggleFullScreen } from "../shell/header.js";
import { STATIONS } from "../stations/catalogue.js";
import { factsOf } from "../stations/facts.js";
import { lookButton, stationQuestion, stationText } from "../stations/station_card.js";

export const course = {
  id: "course",
  title: "Course",
  about: "How a convolutional network classifies images, in fifteen stations on this one: read, look, answer. Arrow keys turn the pages.",
  make(root, session) {
    const shown = new Course(root, session);
    addEventListener("hashchange", () => shown.follow());
    document.addEventListener("keydown", (event) => shown.press(event));
    session.on("answer", () => shown.refresh());
    shown.follow();
    return { shown: () => shown.follow(), hidden: () => shown.follow() };
  },
};

// `#course/5` → 5; `#course` → 0; another view → null.
export function stationOf(hash) {
  const found = /^#course(?:\/(\d{1,2}))?$/.exec(hash);
  return found && Math.min(Number(found[1] ?? 0), STATIONS.length);
}

class Course {
  constructor(root, session) {
    this.session = session;
    this.facts = factsOf(session.data);
    this.place = 1;
    this.drawn = null;  // the station that is on the page, or null where it is out of date
    this.looking = null;  // the question one went away with, to look
    this.turn = 0;
    this.solved = new Set();
    this.card = make("article.station", { "aria-labelledby": "station-title" });
    this.links = STATIONS.map((station, place) => make("a", { href: `#course/${place + 1}`, title: station.title, text: String(place + 1) }));
    this.back = make("a", { href: "#course" });
    this.bar = make("aside.course-return", { hidden: true, "aria-label": "Course" }, this.back, make("p"),
      make("button", { type: "button", "aria-label": "Leave the course", text: "×", onclick: () => this.leave() }));
    root.append(make("div.course", {},
      make("nav.course-progress", { "aria-label": "Stations" }, ...this.links), this.card,
      make("p.course-turn", {},
        this.previous = make("button", { type: "button", text: "← Back", onclick: () => this.go(this.place - 1) }),
        this.next = make("button", { type: "button", text: "Next →", onclick: () => this.go(this.place + 1) }),
        make("button", { type: "button", text: "Full screen", onclick: toggleFullScreen }))));
    document.body.append(this.bar);
  }

  get here() {
    return stationOf(location.hash) !== null;
  }

  go(place) {
    if (place >= 1 && place <= STATIONS.length) location.hash = `#course/${place}`;
  }

  follow() {
    this.showBar();
    if (!this.here) return;
    const place = stationOf(location.hash) || this.place, moved = place !== this.place;
    this.place = place;
    this.looking = null;
    if (this.drawn === place) return;
    this.draw();
    if (moved) announce(`Station ${place} of ${STATIONS.length}: ${STATIONS[place - 1].title}`);
  }

  // The image or the network has changed.
  refresh() {
    this.drawn = null;
    if (this.here) this.draw();
  }

  async draw() {
    const turn = ++this.turn, { place, session, facts } = this, station = STATIONS[place - 1];
    this.drawn = place;
    this.mark();
    this.card.replaceChildren(...stationText(station, { number: place, of: STATIONS.length, facts, session }));
    if (station.ofImage && !session.answer) {
      this.card.append(make("p.muted", { text: "Give the page an image, and there will be a question here." }));
      return;
    }
    const posed = await session.current(() => station.pose(facts, session));
    if (turn !== this.turn) return;
    if (!posed) return void this.draw();  // something changed meanwhile
    const { look, ask } = posed;
    if (look) this.card.append(lookButton(look, () => this.look(look, ask)));
    this.card.append(stationQuestion(ask, () => { this.solved.add(place); this.mark(); }));
  }

  mark() {
    this.previous.disabled = this.place === 1;
    this.next.disabled = this.place === STATIONS.length;
    for (const [place, link] of this.links.entries()) {
      const number = place + 1, solved = this.solved.has(number);
      link.setAttribute("aria-current", number === this.place ? "step" : "false");
      link.setAttribute("aria-label", `Station ${number}: ${STATIONS[place].title}${solved ? ", answered" : ""}`);
      link.classList.toggle("solved", solved);
    }
  }

  look(look, ask) {
    this.looking = ask.question;
    if (look.select) this.session.select(look.select);
    location.hash = `#${look.view}`;
    scrollTo({ top: 0, behavior: "instant" });
  }

  leave() {
    this.looking = null;
    this.showBar();
  }

  // While one looks elsewhere, the question and the way back stay in sight.
  showBar() {
    this.bar.hidden = this.here || !this.looking;
    document.body.classList.toggle("course-away", !this.bar.hidden);
    if (this.bar.hidden) return;
    this.back.textContent = `Back to station ${this.place}`;
    this.back.href = `#course/${this.place}`;
    this.bar.querySelector("p").textContent = this.looking.replaceAll("`", "").replace(/ \([^()]*\)$/, "");
  }

  press(event) {
    if (!this.here || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea, dialog, summary") || get("menu")?.contains(event.target)) return;
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.go(this.place + step);
  }
}
