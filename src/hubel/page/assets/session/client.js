// The page's side of the engine: each task is a promise.

export class Client {
  // source: the engine's script, as text.
  constructor(source) {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.worker = new Worker(address);
    this.waiting = new Map();
    this.count = 0;
    this.ended = null;  // why it computes no more
    this.worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) resolve(result); else reject(new Error(error));
    };
    this.worker.onerror = (event) => {
      this.ended = new Error(`The part of this page that computes has stopped${event.message ? ` (${event.message})` : ""}. Load the page again.`);
      for (const { reject } of this.waiting.values()) reject(this.ended);
      this.waiting.clear();
    };
  }

  ask(task, given = {}, transfer = []) {
    if (this.ended) return Promise.reject(this.ended);
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task, ...given }, transfer);
    });
  }
}
