// The menu of views: one is shown at a time, and the address says which, and what is selected.
import { announce, get, make } from "../parts/dom.js";
import { readAddress, writeAddress } from "../session/address.js";
import { toggleFullScreen } from "./header.js";

export function showMenu(session, views) {
  const menu = new Menu(session, views);
  menu.build();
  addEventListener("hashchange", () => menu.follow());
  document.addEventListener("keydown", (event) => menu.press(event));
  document.addEventListener("click", (event) => menu.click(event));
  session.on("select", () => menu.note());
  menu.start();
  addEventListener("resize", reachScrolls);
  new ResizeObserver(reachScrolls).observe(get("stage"));
}

// A region that scrolls can be reached and scrolled with the keyboard; one that does not is no stop of the Tab key.
function reachScrolls() {
  for (const region of document.querySelectorAll(".scroll")) {
    if (region.scrollWidth > region.clientWidth + 1 || region.scrollHeight > region.clientHeight + 1) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  }
}

class Menu {
  constructor(session, views) {
    this.session = session;
    this.views = views;
    this.rooms = new Map();  // id → {view, panel, tab, made}
    this.shown = null;
  }

  build() {
    const list = make("ul.scroll");
    for (const view of this.views) {
      const tab = make("a", { href: `#${view.id}`, "data-text": view.title, text: view.title });
      const panel = make("section.view", { id: `view-${view.id}`, "aria-labelledby": `title-${view.id}`, hidden: true },
        make("h2", { id: `title-${view.id}`, text: view.title, tabindex: "-1" }), make("p.about", { text: view.about }));
      list.append(make("li", {}, tab));
      get("stage").append(panel);
      this.rooms.set(view.id, { view, panel, tab, made: view.make(panel, this.session) });
    }
    get("menu").append(list);
  }

  // The first convolution is where one begins, if the address names nothing.
  start() {
    const { data } = this.session;
    const first = data.layers.find((layer) => layer.kernel && layer.parameters > 0 && layer.output[0] > 1);
    if (first) this.session.select({ layer: first.name });
    this.follow();
  }

  follow() {
    this.heard = location.hash;
    const { view, selection } = readAddress(this.heard);
    if (selection && this.session.layers.has(selection.layer)) this.session.select(selection);
    this.show(this.rooms.has(view) ? view : this.views[0].id);
    this.note();
  }

  show(id) {
    if (this.shown === id) return;
    const before = this.rooms.get(this.shown), now = this.rooms.get(id);
    if (before) {
      before.panel.hidden = true;
      before.tab.removeAttribute("aria-current");
      before.made?.hidden?.();
    }
    this.shown = id;
    now.panel.hidden = false;
    now.tab.setAttribute("aria-current", "page");
    now.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    now.made?.shown?.();
    if (before) announce(now.view.title);
  }

  // What is selected stands in the address; another layer is a step that the back button undoes.
  note() {
    const address = this.shown && writeAddress(this.shown, this.session);
    if (!address || location.hash === address) return;
    if (location.hash !== this.heard) return;  // on the way to another place, which is heard in a moment
    const before = readAddress(location.hash);
    const step = before.view === this.shown && before.selection && before.selection.layer !== this.session.layer;
    try {
      history[step ? "pushState" : "replaceState"](null, "", address);
      this.heard = location.hash;
    } catch {
      // an embedded page may not change its address: everything else works
    }
  }

  // In an embedded page an address of its own would lead to the page around it.
  click(event) {
    const link = event.target.closest?.("a[href^='#']");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const id = link.getAttribute("href").slice(1);
    if (this.rooms.has(readAddress(id).view)) location.hash = `#${id}`;
    else get(id)?.focus();
  }

  press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, dialog")) return;
    const act = this.#acts(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #acts({ key, target }) {
    if (key === "?") return () => get("keys").showModal();
    if (key === "f" || key === "F") return toggleFullScreen;
    const view = /^[1-9]$/.test(key) ? this.views[Number(key) - 1] : null;
    if (view) return () => { location.hash = `#${view.id}`; };
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[key];
    if (step === undefined) return null;
    if (get("menu").contains(target)) return () => this.#neighbour(key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1);
    const free = target === document.body || target === get("stage");
    if (!free || this.shown === "course" || !this.rooms.get(this.shown).made?.arrows) return null;
    return () => this.#select(key, step);
  }

  #neighbour(step) {
    const ids = [...this.rooms.keys()], next = ids[(ids.indexOf(this.shown) + step + ids.length) % ids.length];
    location.hash = `#${next}`;
    this.rooms.get(next).tab.focus();
  }

  #select(key, step) {
    const { session } = this, { layers } = session.data;
    if (key === "ArrowLeft" || key === "ArrowRight") session.select({ channel: session.channel + step });
    else {
      const place = layers.findIndex((layer) => layer.name === session.layer) + step;
      if (layers[place]) session.select({ layer: layers[place].name });
    }
    announce(`${session.layer}, map ${session.channel}`);
  }
}
