import type { Api } from "./api.js";
import { Link } from "./link.js";
import { backOff, Sleepers } from "./pacing.js";
import type { ClientFrame, ServerFrame, Ticket } from "./protocol.js";

const ANSWER_MS = 10_000;
const STABLE_MS = 60_000;
const GRACE_MS = 5_000;
const SHORTEST_AGE_MS = 30_000; // else a token about to expire would need a ticket every second

export interface Listener {
  onFrame(frame: ServerFrame): void;
  onConnected(isFirst: boolean): void;
  onLost(): void;
  /** An attempt to connect failed, and no connection is open. */
  onFailed(): void;
}

interface Asked {
  link: Link;
  answer(frame: ServerFrame | undefined): void;
}

/** Connects again whenever the connection breaks. */
export class Connection {
  readonly #links = new Set<Link>();
  readonly #asked = new Map<string, Asked>();
  readonly #retry = new Sleepers();
  readonly #wait = new Sleepers();
  #link: Link | undefined;
  #isStopped = false;

  constructor(
    private readonly api: Api,
    private readonly Socket: new (url: string) => WebSocket,
    private readonly random: () => number,
    private readonly listener: Listener,
  ) {}

  /** Connect, wait, repeat. Run it once, so that only one loop connects. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      const { link, maxAgeMs, waitMs } = await this.#connect();
      if (link) {
        const began = Date.now();
        await this.#endOrAge(link, maxAgeMs);
        if (Date.now() - began >= STABLE_MS) failures = 0;
        if (link.isOpen) continue; // the next one opens before this one closes
      } else if (!this.#link?.isOpen) this.listener.onFailed();
      if (waitMs > 0 && !this.#isStopped) await this.#wait.sleep(waitMs);
      if (!this.#isStopped) await this.#retry.sleep(backOff(failures++, this.random));
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const link of [...this.#links]) link.close();
    this.#wait.wake();
    this.#retry.wake();
  }

  /** Retry now: the network is back. */
  hurry(): void {
    this.check();
    this.#retry.wake();
  }

  check(): void {
    this.#link?.ping();
  }

  send(frame: ClientFrame): boolean {
    return this.#link?.send(frame) ?? false;
  }

  /** Send a frame and return its answer, or undefined without a connection or an answer. */
  ask(key: string, frame: ClientFrame): Promise<ServerFrame | undefined> {
    const link = this.#link;
    if (!link?.send(frame)) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const answer = (frame: ServerFrame | undefined) => {
        clearTimeout(timer);
        this.#asked.delete(key);
        resolve(frame);
      };
      const timer = setTimeout(() => answer(undefined), ANSWER_MS);
      this.#asked.set(key, { link, answer });
    });
  }

  answer(key: string, frame: ServerFrame): void {
    this.#asked.get(key)?.answer(frame);
  }

  /** For an error that names no frame: any of them may have failed. */
  answerAll(frame: ServerFrame): void {
    for (const each of [...this.#asked.values()]) each.answer(frame);
  }

  /** Open a socket with a new ticket, which works once. Its first pong proves that it works. */
  async #connect(): Promise<{ link?: Link; maxAgeMs: number; waitMs: number }> {
    const answer = await this.api.call<Ticket>("POST", "/api/realtime/tickets", {});
    if (!("value" in answer)) return { maxAgeMs: 0, waitMs: answer.wait_s * 1000 };
    if (this.#isStopped) return { maxAgeMs: 0, waitMs: 0 };
    const { url, ticket, heartbeat_s, max_age_s } = answer.value;
    const socket = new this.Socket(`${url}?ticket=${encodeURIComponent(ticket)}`);
    const link = new Link(socket, heartbeat_s * 1000);
    this.#links.add(link);
    void link.ended.then(() => this.#lose(link));
    const isAlive = await new Promise<boolean>((resolve) => {
      void link.ended.then(() => resolve(false));
      let isNew = true;
      link.onFrame = (frame) => {
        if (isNew && frame.type === "pong") {
          isNew = false;
          this.#adopt(link);
          resolve(true);
        }
        this.listener.onFrame(frame);
      };
    });
    return isAlive ? { link, maxAgeMs: max_age_s * 1000, waitMs: 0 } : { maxAgeMs: 0, waitMs: 0 };
  }

  /** Wait until a link ends, or is so old that the next one has to open. */
  async #endOrAge(link: Link, maxAgeMs: number): Promise<void> {
    const age = new Sleepers();
    void link.ended.then(() => age.wake());
    await age.sleep(Math.max(SHORTEST_AGE_MS, maxAgeMs * (0.7 + 0.2 * this.random())));
  }

  #adopt(link: Link): void {
    const before = this.#link;
    this.#link = link;
    if (before?.isOpen) setTimeout(() => before.close(), GRACE_MS); // for answers in transit
    this.listener.onConnected(!before?.isOpen);
  }

  #lose(link: Link): void {
    this.#links.delete(link);
    for (const each of [...this.#asked.values()]) if (each.link === link) each.answer(undefined);
    if (this.#link === link) this.listener.onLost();
  }
}
