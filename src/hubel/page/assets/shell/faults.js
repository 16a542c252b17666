// When the page cannot do its work: what is wrong, in plain words, where the views would be.
import { get, make } from "../parts/dom.js";

// What a fault means to whoever reads the page, and what to do.
export function faultWords(error, has = globalThis) {
  const said = String(error?.message ?? error);
  if (!has.Worker || /Worker/.test(said)) return ["This browser does not let a page compute in the background (no web workers).", "Open the page in a current Firefox, Chrome, Edge or Safari."];
  if (error instanceof SyntaxError || /atob|InvalidCharacter|not correctly encoded|Unexpected (end|token)/.test(said)) {
    return ["This page is damaged: a part of the file is missing or was changed.", "Ask for the file again, or export it anew."];
  }
  return [`The network could not be computed: ${said}`, "Load the page again. If that does not help, export it anew."];
}

// Everything appears at once, when the first image is answered: nothing moves that was there before.
export function endLoading() {
  document.body.classList.remove("loading");
  get("state").hidden = true;
}

export function showFault(error) {
  const [what, next] = faultWords(error);
  let box = get("page-fault");
  if (!box) {
    box = make("div.page-fault", { id: "page-fault", role: "alert" });
    get("stage").prepend(box);
  }
  box.replaceChildren(make("strong", { text: what }), " ", next);
  endLoading();
}
