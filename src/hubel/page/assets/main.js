// The page of one classifier: reads what travels in it, starts the engine, and shows the views.
import { get } from "./parts/dom.js";
import { fromBase64 } from "./engine/tensors.js";
import { showFirstImage, showImages } from "./images/panel.js";
import { Client } from "./session/client.js";
import { showCheck } from "./session/check.js";
import { readOffCorpus } from "./session/off_corpus.js";
import { Session } from "./session/session.js";
import { offerToScripts } from "./session/scripts.js";
import { showBar } from "./shell/bar.js";
import { endLoading, showFault } from "./shell/faults.js";
import { showHeader, showKeys } from "./shell/header.js";
import { showMenu } from "./shell/menu.js";
import { editBadge } from "./views/edit_badge.js";
import { VIEWS } from "./views/catalogue.js";

async function start() {
  const data = JSON.parse(get("page-data").textContent);
  const client = new Client(get("page-engine").textContent);
  const bytes = fromBase64(get("page-weights").textContent);
  data.offCorpus = readOffCorpus(data, bytes);
  const session = new Session(data, client);
  const ready = client.ask("load", { graph: data.graph, index: data.tensors, seal: data.seal, bytes }, [bytes.buffer]);
  offerToScripts(session, ready);
  session.on("fault", (error) => showFault(error ?? session.fault));
  showHeader(session);
  showKeys(VIEWS);
  await ready;
  document.querySelector("header").after(editBadge(session));
  showImages(session);
  showMenu(session, VIEWS);
  showBar(session);
  await showFirstImage(session);
  endLoading();
  await showCheck(session, get("checked"));
}

start().catch(showFault);
