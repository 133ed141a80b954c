// A server with replaceable answers, sockets without a network, and a mocked clock.

import { mock } from "node:test";
import { RealtimeClient, type Options } from "../src/client.js";
import type { Unsent } from "../src/outbox.js";
import type { ClientFrame, Conversation, Message, Page, ServerFrame } from "../src/protocol.js";

export const MAYA = "maya";
export const LEO = "leo";
export const MATCH = "match";
export const HEARTBEAT_S = 240;
export const MAX_AGE_S = 6000;

/** Move the clock, and run everything that becomes due. */
export async function advance(ms: number, step = 100): Promise<void> {
  await settled();
  for (let past = 0; past < ms; past += step) {
    mock.timers.tick(Math.min(step, ms - past));
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

export class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  isOpen = false;
  readonly sent: ClientFrame[] = [];

  constructor(
    readonly url: string,
    private readonly server: FakeServer,
  ) {
    server.sockets.push(this);
    queueMicrotask(() => this.#open());
  }

  #open(): void {
    if (this.server.ignoresSockets) return;
    if (this.server.refusesSockets) return this.cut();
    this.isOpen = true;
    this.onopen?.();
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.sent.push(frame);
    this.server.receive(this, frame);
  }

  close(): void {
    this.isOpen = false;
  }

  /** Close, as the network or the server would. */
  cut(): void {
    this.isOpen = false;
    this.onclose?.();
  }

  say(...frames: (ServerFrame | string)[]): void {
    for (const frame of frames) {
      this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
    }
  }
}

interface Call {
  method: string;
  path: string;
  body: Record<string, string> | undefined;
}

export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  readonly calls: Call[] = [];
  readonly stored: Message[] = [];
  refusesSockets = false;
  ignoresSockets = false;
  maxAge = MAX_AGE_S;
  head = "h0";
  readSeq = 0;
  firstSeq = 1;
  pageSize = 100;
  /** Replaces the answer to a frame; return true to send no other. */
  instead: (socket: FakeSocket, frame: ClientFrame) => boolean = () => false;
  /** Replaces the answer to a request. */
  insteadOf: (call: Call) => Response | undefined = () => undefined;

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  get open(): FakeSocket[] {
    return this.sockets.filter((each) => each.isOpen);
  }

  get tickets(): number {
    return this.asked("/api/realtime/tickets").length;
  }

  asked(path: string): Call[] {
    return this.calls.filter((call) => call.path.startsWith(path));
  }

  frames<Type extends ClientFrame["type"]>(type: Type): (ClientFrame & { type: Type })[] {
    const all = this.sockets.flatMap((socket) => socket.sent);
    return all.filter((frame): frame is ClientFrame & { type: Type } => frame.type === type);
  }

  /** Store a message and change the head, as sending does. */
  store(sender: string, text: string, client_id: string = crypto.randomUUID()): Message {
    const known = this.stored.find((each) => each.client_id === client_id);
    if (known) return known;
    const seq = this.stored.length + 1;
    const rest = { playground: null, sent_at: "2026-12-01T12:00:00Z" };
    const message = { id: `${seq}`, match_id: MATCH, seq, sender_id: sender, client_id, text };
    this.stored.push({ ...message, ...rest });
    this.head = `h${seq}`;
    return this.stored[seq - 1]!;
  }

  page(after: number): Page {
    const first = Math.max(after + 1, this.firstSeq);
    const messages = this.stored.slice(first - 1, first - 1 + this.pageSize);
    const has_more = first - 1 + this.pageSize < this.stored.length;
    return { messages, first_seq: this.firstSeq, has_more };
  }

  receive(socket: FakeSocket, frame: ClientFrame): void {
    queueMicrotask(() => this.instead(socket, frame) || this.#answer(socket, frame));
  }

  #answer(socket: FakeSocket, frame: ClientFrame): void {
    if (frame.type === "ping") socket.say({ type: "pong", head: this.head });
    if (frame.type === "sync") {
      socket.say({ type: "messages", match_id: MATCH, ...this.page(frame.after_seq) });
    }
    if (frame.type === "send" && "text" in frame) {
      const message = this.store(MAYA, frame.text, frame.client_id);
      socket.say({ type: "ack", client_id: frame.client_id, message });
    }
  }

  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const path = String(url).replace("https://api.example", "");
    const body = init?.body ? JSON.parse(String(init.body)) : undefined;
    const call = { method: init?.method ?? "GET", path, body };
    this.calls.push(call);
    return this.insteadOf(call) ?? json(200, this.#respond(call));
  };

  #respond({ method, path, body }: Call): object {
    if (path === "/api/realtime/tickets") {
      const limits = { heartbeat_s: HEARTBEAT_S, max_age_s: this.maxAge };
      return { url: "wss://ws.example", ticket: `t${this.tickets}`, ...limits };
    }
    if (method === "POST") return this.store(MAYA, body!["text"]!, body!["client_id"]);
    if (path.includes("/messages")) return this.page(Number(/after_seq=(\d+)/.exec(path)![1]));
    const last_message = this.stored.at(-1);
    const conversations: Partial<Conversation>[] = [];
    if (last_message) {
      const marks = { last_seq: this.stored.length, read_seq: this.readSeq, unread_count: 1 };
      conversations.push({
        match_id: MATCH,
        last_message,
        first_seq: this.firstSeq,
        ...marks,
      });
    }
    return { conversations, head: this.head, next_cursor: null };
  }
}

export function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export class MemoryStorage {
  unsent: Unsent[] = [];
  load = async () => [...this.unsent];
  save = async (unsent: readonly Unsent[]) => void (this.unsent = [...unsent]);
}

/** Maya's client, and the events that its app got. */
export class App {
  readonly shown: Message[] = [];
  readonly failed: [Unsent, string][] = [];
  readonly heard: string[] = [];
  random = 0.5;
  token = "token";
  readonly client: RealtimeClient;

  constructor(
    readonly server: FakeServer,
    readonly storage = new MemoryStorage(),
    more: Partial<Options> = {},
  ) {
    const note = (name: string) => () => void this.heard.push(name);
    this.client = new RealtimeClient({
      baseUrl: "https://api.example",
      userId: MAYA,
      accessToken: async (refused) => (refused ? (this.token = `${refused}+`) : this.token),
      lastSeq: () => undefined,
      storage: this.storage,
      events: {
        message: (message) => void this.shown.push(message),
        failed: (unsent, code) => void this.failed.push([unsent, code]),
        read: note("read"),
        typing: note("typing"),
        hidden: note("hidden"),
        match: note("match"),
        matchEnded: note("matchEnded"),
        conversations: note("conversations"),
        connected: (isConnected) => void this.heard.push(isConnected ? "connected" : "lost"),
        sessionEnded: note("sessionEnded"),
        notSaved: note("notSaved"),
      },
      fetch: server.fetch,
      WebSocket: class {
        constructor(url: string) {
          return new FakeSocket(url, server);
        }
      } as unknown as new (url: string) => WebSocket,
      random: () => this.random,
      ...more,
    });
  }

  get texts(): (string | null)[] {
    return this.shown.map((message) => message.text);
  }

  async start(): Promise<this> {
    await this.client.start();
    await advance(100);
    return this;
  }

  send(text: string): Promise<string> {
    return this.client.send(MATCH, { text });
  }
}
