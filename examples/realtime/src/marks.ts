import type { ClientFrame, Mark } from "./protocol.js";

const PAUSE_MS = 1_000;
const TYPING_MS = 3_000;

interface State {
  wanted: number;
  sent: number;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

/** Marks and typing. Every frame is billed, so only the newest mark of a second is sent. */
export class Marks {
  readonly #marks = new Map<string, State>();
  readonly #typed = new Map<string, number>();

  constructor(private readonly send: (frame: ClientFrame) => boolean) {}

  set(type: Mark, matchId: string, seq: number): void {
    const mark = this.#of(type, matchId);
    if (seq <= mark.wanted) return;
    mark.wanted = seq;
    if (!mark.timer) this.#flush(type, matchId, mark);
  }

  /** Send a mark again that the server has not stored. */
  confirm(type: Mark, matchId: string, noted: number): void {
    const mark = this.#of(type, matchId);
    mark.sent = Math.min(mark.sent, noted);
    if (!mark.timer) this.#flush(type, matchId, mark);
  }

  /** Wait with a mark that the server has refused for now. */
  postpone(type: Mark, matchId: string, ms: number): void {
    const mark = this.#of(type, matchId);
    mark.sent = 0;
    this.#wait(type, matchId, mark, ms);
  }

  flush(): void {
    for (const [key, mark] of this.#marks) {
      const [type, matchId] = key.split(" ") as [Mark, string];
      if (!mark.timer) this.#flush(type, matchId, mark);
    }
  }

  typing(matchId: string): void {
    const now = Date.now();
    if (now - (this.#typed.get(matchId) ?? -TYPING_MS) < TYPING_MS) return;
    if (this.send({ type: "typing", match_id: matchId })) this.#typed.set(matchId, now);
  }

  stop(): void {
    for (const mark of this.#marks.values()) clearTimeout(mark.timer);
    this.#marks.clear();
  }

  #of(type: Mark, matchId: string): State {
    const key = `${type} ${matchId}`;
    const mark = this.#marks.get(key) ?? { wanted: 0, sent: 0 };
    this.#marks.set(key, mark);
    return mark;
  }

  #flush(type: Mark, matchId: string, mark: State): void {
    if (mark.wanted <= mark.sent) return;
    if (!this.send({ type, match_id: matchId, seq: mark.wanted })) return;
    mark.sent = mark.wanted;
    this.#wait(type, matchId, mark, PAUSE_MS);
  }

  #wait(type: Mark, matchId: string, mark: State, ms: number): void {
    clearTimeout(mark.timer);
    mark.timer = setTimeout(() => {
      mark.timer = undefined;
      this.#flush(type, matchId, mark);
    }, ms);
  }
}
