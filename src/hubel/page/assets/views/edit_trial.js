// A button that starts something long: how far it is, a way to stop it, and what it found, in words.
import { make } from "../parts/dom.js";

// act(signal, heard(done, all)) → what it found, in words; it ends early where signal.aborted.
export function startedTrial({ text, about, act }) {
  let running = null;
  const bar = make("progress", { max: 1, value: 0, "aria-label": text }), count = make("span.muted"), said = make("p.edit-says", { role: "status" });
  const stop = make("button.quiet", { type: "button", text: "Stop", onclick: () => running?.abort() });
  const start = make("button", { type: "button", text, title: about, onclick: () => go() });
  const under = make("div.edit-row", {}, bar, count, stop);
  under.hidden = true;
  const go = async () => {
    running = new AbortController();
    start.disabled = true;
    under.hidden = false;
    said.textContent = count.textContent = "";
    bar.value = 0;
    try {
      said.textContent = await act(running.signal, (done, all) => {
        bar.value = done / all;
        count.textContent = `${done} of ${all}`;
      });
    } catch (error) {
      said.textContent = `This did not work: ${error.message}`;
    } finally {
      running = null;
      start.disabled = false;
      under.hidden = true;
    }
  };
  return {
    element: make("div.edit-trial", {}, make("div.edit-row", {}, start, make("span.muted", { text: about })), under, said),
    clear: () => { if (!running) said.textContent = ""; },
    stop: () => running?.abort(),
  };
}
