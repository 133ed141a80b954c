// Records the app's requests for the panel that shows them.

import { parseFrame } from "../../realtime/src/protocol.js";

export interface Call {
  method: string;
  path: string;
  /** 0: no answer; undefined: none yet. */
  status?: number;
  ms?: number;
  requestId?: string;
}

const KEPT = 200;
export const calls: Call[] = [];
const watchers = new Set<(call: Call) => void>();

export function watch(watcher: (call: Call) => void): void {
  watchers.add(watcher);
}

function note(call: Call): void {
  if (!calls.includes(call)) calls.push(call);
  if (calls.length > KEPT) calls.shift();
  for (const watcher of watchers) watcher(call);
}

export async function recordedFetch(...asked: Parameters<typeof fetch>): Promise<Response> {
  const request = new Request(...asked);
  const { pathname, search } = new URL(request.url);
  const call: Call = { method: request.method, path: pathname + search };
  note(call);
  const began = performance.now();
  try {
    const response = await fetch(request);
    call.status = response.status;
    call.requestId = response.headers.get("x-request-id") ?? "";
    return response;
  } catch (error) {
    call.status = 0;
    throw error;
  } finally {
    call.ms = Math.round(performance.now() - began);
    note(call);
  }
}

const QUIET = new Set(["ping", "pong"]);

/** A WebSocket that records its frames. */
export class RecordedSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    note({ method: "WS", path: "connect" });
    this.addEventListener("message", ({ data }) => this.#note("WS ←", data));
    this.addEventListener("close", ({ code }) => note({ method: "WS", path: `closed (${code})` }));
  }

  override send(data: string): void {
    this.#note("WS →", data);
    super.send(data);
  }

  #note(method: string, data: string): void {
    const { type } = parseFrame(data); // a gateway may send anything
    if (!QUIET.has(type)) note({ method, path: type });
  }
}
