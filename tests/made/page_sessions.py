"""A session of the page in Node: the tiny network, and its worker's own tasks behind a client that answers later."""

from __future__ import annotations

import base64
from typing import Any

from tests.made.pages import tiny_images, tiny_parts
from tests.node import run_module

from hubel.page.weights import seal_of

START = """
import { answer } from "./engine/worker.js";
import { fromBase64 } from "./engine/tensors.js";
import { Session } from "./session/session.js";

class LateClient {
  constructor() { this.asked = []; this.failing = null; this.turn = Promise.resolve(); }
  ask(task, given = {}) {
    this.asked.push(task);
    const message = structuredClone({ id: 0, task, ...given });
    const done = this.turn.then(() => new Promise((resolve) => setTimeout(resolve, 1))).then(() => new Promise((resolve, reject) => {
      if (task === this.failing) reject(new Error("no more memory"));
      else answer(message, ({ result, error }) => error === undefined ? resolve(structuredClone(result)) : reject(new Error(error)));
    }));
    this.turn = done.catch(() => {});
    return done;
  }
  count(task) { return this.asked.filter((each) => each === task).length; }
}
const client = new LateClient(), data = given.data, session = new Session(data, client);
await client.ask("load", { graph: data.graph, index: data.tensors, seal: data.seal, bytes: fromBase64(given.bytes) });
const images = given.images.map((text, number) => ({ name: `${number}`, label: data.classifier.class_names[number % 3], pixels: fromBase64(text) }));
const numbers = (answer) => Array.from(answer.logits);
const show = (value) => console.log(JSON.stringify(value));
"""


def run_session(script: str, **given: Any) -> Any:
    """What a script prints that finds ``session``, ``client``, ``images``, ``data`` and ``given``.

    Args:
        script: an ES module's body; imports first.
        given: plain data beside the page's own.
    """
    data, weights = tiny_parts()
    own = {
        "data": data | {"seal": seal_of(weights), "classifier": data["classifier"] | given.pop("classifier", {})},
        "bytes": base64.b64encode(weights).decode(),
        "images": [base64.b64encode(each.tobytes()).decode() for each in tiny_images()],
    }
    return run_module(START + script, given=own | given)
