// The page of one classifier: reads what travels in it, starts the engine, and shows the views.
import { make, get } from "./parts/dom.js";
import { percent } from "./parts/numbers.js";
import { fromBase64 } from "./engine/tensors.js";
import { Client } from "./session/client.js";
import { readExample } from "./session/files.js";
import { Session } from "./session/session.js";
import { offerToScripts } from "./session/scripts.js";
import { editBadge } from "./views/edit_badge.js";
import { VIEWS } from "./views/catalogue.js";

async function start() {
  const data = JSON.parse(get("page-data").textContent);
  const client = new Client(get("page-engine").textContent);
  const bytes = fromBase64(get("page-weights").textContent);
  const session = new Session(data, client);
  const ready = client.ask("load", { graph: data.graph, index: data.tensors, seal: data.seal, bytes }, [bytes.buffer]);
  offerToScripts(session, ready);
  await ready;
  document.querySelector("header").after(editBadge(session));
  showImages(session);
  showViews(session);
  if (data.examples.length) await session.setImage(await readExample(data.examples[0]));
}

function showImages(session) {
  const strip = get("examples");
  strip.append(...session.data.examples.map((example) => make("button", {
    type: "button",
    title: example.path,
    onclick: async () => session.setImage(await readExample(example)),
  }, make("img", { src: `data:${example.type};base64,${example.data}`, alt: `${example.class_name}: ${example.path}` }))));
  session.on("answer", () => {
    const { className, probability } = session.answer;
    get("answer").textContent = `${className}: ${percent(probability)}`;
  });
}

function showViews(session) {
  const menu = get("menu"), stage = get("stage"), panels = new Map();
  const go = (id) => {
    for (const [each, { panel, tab }] of panels) {
      panel.hidden = each !== id;
      tab.setAttribute("aria-current", each === id ? "page" : "false");
    }
  };
  for (const view of VIEWS) {
    const panel = make("section", { id: `view-${view.id}`, "aria-label": view.title });
    const tab = make("a", { href: `#${view.id}`, text: view.title });
    menu.append(tab);
    stage.append(panel);
    panels.set(view.id, { panel, tab });
    view.make(panel, session);
  }
  const follow = () => go(panels.has(location.hash.slice(1)) ? location.hash.slice(1) : VIEWS[0].id);
  addEventListener("hashchange", follow);
  follow();
}

start();
