// The page of one classifier: reads what travels in it, starts the engine, and shows the views.
import { get, make } from "./parts/dom.js";
import { percent } from "./parts/numbers.js";
import { fromBase64 } from "./engine/tensors.js";
import { Client } from "./session/client.js";
import { readExample } from "./session/files.js";
import { Session } from "./session/session.js";
import { offerToScripts } from "./session/scripts.js";
import { showHeader, showKeys } from "./shell/header.js";
import { showFault } from "./shell/faults.js";
import { showMenu } from "./shell/menu.js";
import { VIEWS } from "./views/catalogue.js";

async function start() {
  const data = JSON.parse(get("page-data").textContent);
  const client = new Client(get("page-engine").textContent);
  const bytes = fromBase64(get("page-weights").textContent);
  const session = new Session(data, client);
  const ready = client.ask("load", { graph: data.graph, index: data.tensors, bytes }, [bytes.buffer]);
  offerToScripts(session, ready);
  session.on("fault", (error) => showFault(error ?? session.fault));
  showHeader(session);
  showKeys(VIEWS);
  showImages(session);
  await ready;
  showMenu(session, VIEWS);
  get("state").hidden = true;
  if (data.examples.length) await session.setImage(await readExample(data.examples[0]));
}

function showImages(session) {
  const strip = get("examples");
  strip.append(...session.data.examples.map((example) => make("button.example", {
    type: "button",
    title: example.path,
    onclick: async () => session.setImage(await readExample(example)),
  }, make("img", { src: `data:${example.type};base64,${example.data}`, alt: `${example.class_name}: ${example.path}` }))));
  session.on("answer", () => {
    const { className, probability } = session.answer;
    get("answer").textContent = `${className}: ${percent(probability)}`;
  });
}

start().catch(showFault);
