// A live stream of one pool: server-sent events read with fetch, since EventSource cannot send a token.

import { eventsPath } from "./api.js";
import { members } from "./json.js";
import { Message } from "./message.js";
import { Refused, request } from "./session.js";

const RETRY_MS = 700;
const MOST_RETRY_MS = 5000;
// The server sends a sign of life every 15 s.
const SILENCE_MS = 40000;
// A server that ends streams very soon is not asked again at once.
const SHORT_MS = 500;
const LASTING = [400, 403, 406];

export class Stream {
  #stop = new AbortController();
  #lastId = null;

  // `query`: filters and where to start; `on`: {messages(list), gap({first, last, count} as texts), state(kind, text), refused(error)}.
  constructor(pool, query, on) {
    this.pool = pool;
    this.query = query;
    this.on = on;
    this.#run();
  }

  stop() {
    this.#stop.abort();
  }

  async #run() {
    let delay = RETRY_MS;
    while (!this.#stop.signal.aborted) {
      const begun = performance.now();
      try {
        await this.#once(() => (delay = RETRY_MS));
        // Its time was up: go on where it ended.
        await this.#sleep(Math.max(0, SHORT_MS - (performance.now() - begun)));
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (error instanceof Refused && LASTING.includes(error.status)) {
          this.on.refused(error);
          return;
        }
        const why = error instanceof Refused ? error.message : "the server cannot be reached";
        this.on.state("waiting", `${why}; trying again`);
        await this.#sleep(delay);
        delay = Math.min(delay * 2, MOST_RETRY_MS);
      }
    }
  }

  // One connection, to its proper end.
  async #once(began) {
    const connection = new AbortController();
    const stop = () => connection.abort();
    this.#stop.signal.addEventListener("abort", stop);
    let silence = null;
    try {
      const query = new URLSearchParams(this.query);
      query.append("gap_policy", "event");
      const headers = { accept: "text/event-stream" };
      if (this.#lastId !== null) headers["last-event-id"] = this.#lastId;
      const response = await request(`${eventsPath(this.pool)}?${query}`, { headers, signal: connection.signal });
      began();
      this.on.state("live", "live");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const lines = new Lines();
      for (;;) {
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE_MS);
        const { done, value } = await reader.read();
        if (done) return;
        this.#take(lines.events(value));
      }
    } finally {
      clearTimeout(silence);
      this.#stop.signal.removeEventListener("abort", stop);
    }
  }

  #take(events) {
    let batch = [];
    const flush = () => {
      if (batch.length > 0) this.on.messages(batch);
      batch = [];
    };
    for (const event of events) {
      if (event.type === "message") batch.push(new Message(event.data));
      else flush();
      if (event.type === "gap") this.on.gap(members(members(event.data).gap));
      if (event.type === "error") {
        const { error } = JSON.parse(event.data);
        throw new Refused(error.kind === "NotFound" ? 404 : 500, error);
      }
      if (event.id !== null) this.#lastId = event.id;
    }
    flush();
  }

  #sleep(ms) {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      signal.addEventListener("abort", done);
    });
  }
}

// Cuts pieces of text into events: {type, data, id}; ids stand alone in signs of life.
class Lines {
  #rest = "";
  #event = { type: "message", data: null, id: null };

  *events(piece) {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop();
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") {
        const event = this.#event;
        this.#event = { type: "message", data: null, id: null };
        if (event.data !== null) yield event;
        else if (event.id !== null) yield { type: "place", data: null, id: event.id };
        continue;
      }
      const colon = line.indexOf(":");
      const value = line.slice(colon + 1).replace(/^ /, "");
      const name = line.slice(0, colon);
      if (name === "event") this.#event.type = value;
      else if (name === "id") this.#event.id = value;
      else if (name === "data") this.#event.data = this.#event.data === null ? value : `${this.#event.data}\n${value}`;
    }
  }
}
