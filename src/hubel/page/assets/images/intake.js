// How images come in: dropped anywhere, pasted, chosen, or by the camera. None of them leaves the page.
import { announce, make } from "../parts/dom.js";
import { cameraButton } from "./camera.js";

// add: takes a list of files, or of {given: ImageData, name}.
export function imageIntake(session, { add }) {
  const input = make("input", { type: "file", accept: "image/*", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = "";  // the same file may be chosen again
    await add(files);
  });
  const choose = make("button.image-choose", { type: "button", text: "Choose images", onclick: () => input.click() });
  const camera = cameraButton({ add });
  hearDrops(add);
  hearPastes(add);
  const words = make("p.image-hint", { text: "Or drop images anywhere on the page, or paste one. They stay on this device." });
  return { element: make("section.image-intake", { "aria-label": "Add images" }, make("div.image-ways", {}, choose, camera.button), input, words, camera.element) };
}

function hearDrops(add) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  addEventListener("drop", async (event) => {
    mark(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    await addOrSay(add, [...event.dataTransfer.files], "Nothing that was dropped is a file.");
  });
}

function hearPastes(add) {
  addEventListener("paste", async (event) => {
    const files = [...event.clipboardData?.files ?? []];
    if (!files.length && event.target.closest?.("input, textarea")) return;
    if (files.length) event.preventDefault();
    await addOrSay(add, files, "There is no image in the clipboard.");
  });
}

async function addOrSay(add, files, words) {
  if (files.length) await add(files); else announce(words);
}
