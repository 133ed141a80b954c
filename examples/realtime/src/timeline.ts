import type { Message, Page } from "./protocol.js";

/** The messages of one conversation: each is shown once, in the order of `seq`. */
export class Timeline {
  /** The `seq` of the partner's newest shown message. */
  heard = 0;
  #known = 0;
  readonly #early = new Map<number, Message>();

  /** `last`: the `seq` of the newest message that the app has; undefined until it is known. */
  constructor(public last: number | undefined) {}

  /** Set `last` if it was unknown. Messages that arrived before this call are shown, too. */
  begin(last: number): void {
    const early = [...this.#early.keys()].map((seq) => seq - 1);
    this.last ??= Math.min(last, ...early);
  }

  /** Whether messages are missing. */
  get isBehind(): boolean {
    return this.last !== undefined && this.last < this.#known;
  }

  /** Note that a message with this `seq` exists. */
  expect(seq: number): void {
    this.#known = Math.max(this.#known, seq);
  }

  /** Take messages in any order, and return those to show now. */
  take(messages: readonly Message[]): Message[] {
    for (const message of messages) {
      this.expect(message.seq);
      this.#early.set(message.seq, message);
    }
    return this.#ready();
  }

  /** Take the page after `last`. */
  takePage(page: Page): Message[] {
    this.skipTo(page.first_seq);
    return this.take(page.messages);
  }

  /** Skip earlier messages, which the user no longer sees. */
  skipTo(firstSeq: number): Message[] {
    if (this.last !== undefined) this.last = Math.max(this.last, firstSeq - 1);
    return this.#ready();
  }

  #ready(): Message[] {
    const shown: Message[] = [];
    if (this.last === undefined) return shown;
    for (const seq of [...this.#early.keys()].sort((a, b) => a - b)) {
      const message = this.#early.get(seq);
      if (message && seq === this.last + 1) {
        shown.push(message);
        this.last = seq;
      }
      if (seq <= this.last) this.#early.delete(seq); // shown now or earlier
    }
    return shown;
  }
}
