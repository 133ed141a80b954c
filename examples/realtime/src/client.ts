// A client of Wingman's conversations, to copy. docs/realtime.md describes the protocol.

import { Api, isFinal, NO_ANSWER, type Answer, type Refusal } from "./api.js";
import { Connection } from "./connection.js";
import { Marks } from "./marks.js";
import { Outbox, type Storage, type Unsent } from "./outbox.js";
import { backOff, Sleepers } from "./pacing.js";
import type { Content, Conversation, ErrorFrame, Message, Page, ServerFrame } from "./protocol.js";
import { Timeline } from "./timeline.js";

const TRIES_OVER_SOCKET = 3;

export interface Events {
  /** A message to show. It replaces the bubble with its `client_id`, if there is one. */
  message(message: Message): void;
  /** The server will never take this message: let the user change it or drop it. */
  failed(unsent: Unsent, code: string): void;
  read(matchId: string, userId: string, seq: number): void;
  typing(matchId: string, userId: string): void;
  /** Remove the messages before `firstSeq`. */
  hidden(matchId: string, firstSeq: number): void;
  match(match: { id: string }): void;
  matchEnded(matchId: string): void;
  /** All conversations, after changes that this client may have missed. */
  conversations(conversations: Conversation[]): void;
  connected(isConnected: boolean): void;
  /** The Auth session has ended, and the client has stopped. */
  sessionEnded(): void;
  /** The outbox could not be saved. */
  notSaved(error: unknown): void;
}

export interface Options {
  baseUrl: string;
  userId: string;
  /** Return a token with a few minutes left, other than `refused`, which no longer works. */
  accessToken(refused?: string): Promise<string>;
  /** The newest message that the app has stored; undefined for none. */
  lastSeq(matchId: string): number | undefined;
  storage: Storage;
  events: Events;
  fetch?: typeof fetch;
  WebSocket?: new (url: string) => WebSocket;
  random?: () => number;
}

export class RealtimeClient {
  readonly #api: Api;
  readonly #connection: Connection;
  readonly #events: Events;
  readonly #outbox: Outbox;
  readonly #random: () => number;
  readonly #marks = new Marks((frame) => this.#connection.send(frame));
  readonly #retry = new Sleepers();
  readonly #wait = new Sleepers();
  readonly #timelines = new Map<string, Timeline>();
  readonly #busy = new Set<string>();
  /** Where to begin conversations of which the app has nothing, once their outbox is empty. */
  readonly #beginnings = new Map<string, number>();
  #head: string | undefined;
  #isHeadNew = false;
  #isStopped = false;
  #isVisible = true;

  constructor(private readonly options: Options) {
    this.#events = options.events;
    this.#random = options.random ?? Math.random;
    this.#outbox = new Outbox(options.storage);
    this.#api = new Api(
      options.baseUrl,
      (refused) => options.accessToken(refused),
      () => this.#endSession(),
      options.fetch ?? globalThis.fetch.bind(globalThis),
    );
    this.#connection = new Connection(this.#api, options.WebSocket ?? WebSocket, this.#random, {
      onFrame: (frame) => this.#receive(frame),
      onConnected: (isFirst) => this.#resume(isFirst),
      onLost: () => this.#isStopped || this.#events.connected(false),
      onFailed: () => this.#lookForNews(),
    });
  }

  /** Connect, and stay connected until `stop` or the end of the session. Call it once. */
  async start(): Promise<void> {
    await this.#outbox.load();
    void this.#connection.run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#connection.stop();
    this.#marks.stop();
    this.#retry.wake();
    this.#wait.wake();
  }

  /** Send a message as soon as possible. Resolves to its client_id once it is in the outbox. */
  async send(matchId: string, content: Content): Promise<string> {
    const client_id = crypto.randomUUID();
    const saved = this.#outbox.add({ match_id: matchId, client_id, content });
    await saved.catch((error) => this.#events.notSaved(error));
    this.#deliver(matchId);
    return client_id;
  }

  read(matchId: string, seq: number): void {
    this.#marks.set("read", matchId, seq);
  }

  /** Call it on every keystroke. */
  typing(matchId: string): void {
    if (this.#isVisible) this.#marks.typing(matchId);
  }

  /** Say whether the user sees the page: messages count as received only then. */
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    if (!isVisible) return;
    this.#connection.check();
    for (const matchId of this.#timelines.keys()) this.#markReceived(matchId);
  }

  /** The network is back. */
  online(): void {
    this.#connection.hurry();
  }

  #resume(isFirst: boolean): void {
    if (isFirst) this.#events.connected(true);
    this.#marks.flush();
    this.#retry.wake();
    for (const matchId of this.#outbox.matches) this.#deliver(matchId);
  }

  #endSession(): void {
    if (this.#isStopped) return;
    this.stop();
    this.#events.sessionEnded();
  }

  #receive(frame: ServerFrame): void {
    if (this.#isStopped) return;
    switch (frame.type) {
      case "ack":
      case "message":
        return this.#take(frame.message.match_id, [frame.message]);
      case "messages":
        return this.#connection.answer(`sync ${frame.match_id}`, frame);
      case "read":
        return this.#events.read(frame.match_id, frame.user_id, frame.seq);
      case "typing":
        return this.#events.typing(frame.match_id, frame.user_id);
      case "hidden":
        this.#events.hidden(frame.match_id, frame.first_seq);
        return this.#show(frame.match_id, this.#timeline(frame.match_id).skipTo(frame.first_seq));
      case "match":
        return this.#events.match(frame.match);
      case "match_ended":
        return this.#events.matchEnded(frame.match_id);
      case "pong":
        return this.#compareHead(frame.head);
      case "session_ended":
        return this.#endSession();
      case "error":
        return this.#fail(frame);
    }
  }

  #fail(error: ErrorFrame): void {
    const { request, match_id, client_id } = error;
    if (request === null) this.#connection.answerAll(error);
    else if (request === "send") this.#connection.answer(`send ${client_id}`, error);
    else if (request === "sync") this.#connection.answer(`sync ${match_id}`, error);
    else if ((request === "read" || request === "received") && match_id && !isFinal(error.code)) {
      this.#marks.postpone(request, match_id, (error.retry_after ?? 1) * 1000);
    }
  }

  // --- receiving ----------------------------------------------------------------------------

  #timeline(matchId: string): Timeline {
    let timeline = this.#timelines.get(matchId);
    if (!timeline) {
      // A conversation that was not in the list is newer than it.
      const first = this.#head === undefined ? undefined : 0;
      timeline = new Timeline(this.options.lastSeq(matchId) ?? first);
      this.#timelines.set(matchId, timeline);
    }
    return timeline;
  }

  #take(matchId: string, messages: readonly Message[]): void {
    for (const message of messages) this.#settle(message);
    this.#show(matchId, this.#timeline(matchId).take(messages));
  }

  #show(matchId: string, messages: readonly Message[]): void {
    const timeline = this.#timeline(matchId);
    for (const message of messages) {
      if (message.sender_id !== this.options.userId) timeline.heard = message.seq;
      this.#events.message(message);
    }
    this.#markReceived(matchId);
    if (timeline.isBehind) this.#sync(matchId);
  }

  #markReceived(matchId: string): void {
    const { heard } = this.#timeline(matchId);
    if (this.#isVisible && heard > 0) this.#marks.set("received", matchId, heard);
  }

  /** Load until no message is missing. */
  #sync(matchId: string): void {
    const timeline = this.#timeline(matchId);
    void this.#once(`sync ${matchId}`, async () => {
      for (let failures = 0; !this.#isStopped && timeline.isBehind;) {
        const after = timeline.last ?? 0;
        const answer = await this.#page(matchId, after, failures);
        if (this.#isStopped) return;
        if ("value" in answer) {
          for (const message of answer.value.messages) this.#settle(message);
          this.#show(matchId, timeline.takePage(answer.value));
        } else if (isFinal(answer.code)) return void this.#timelines.delete(matchId);
        if (timeline.last !== after) failures = 0;
        else failures += await this.#pause(answer, failures);
      }
    });
  }

  async #page(matchId: string, after_seq: number, failures: number): Promise<Answer<Page>> {
    if (failures >= TRIES_OVER_SOCKET) {
      const path = `/api/conversations/${matchId}/messages?limit=100&after_seq=${after_seq}`;
      return this.#api.call("GET", path);
    }
    const frame = { type: "sync", match_id: matchId, after_seq } as const;
    const reply = await this.#connection.ask(`sync ${matchId}`, frame);
    return reply?.type === "messages" ? { value: reply } : refusal(reply);
  }

  /** A `head` other than the known one means that this client missed a change. */
  #compareHead(head: string): void {
    this.#isHeadNew = head !== this.#head;
    this.#catchUp();
  }

  /** Without a connection, no frame or head arrives: read the list, and send, over REST. */
  #lookForNews(): void {
    this.#isHeadNew = true;
    this.#catchUp();
    for (const matchId of this.#outbox.matches) this.#deliver(matchId);
  }

  #catchUp(): void {
    void this.#once("head", async () => {
      for (let failures = 0; !this.#isStopped && this.#isHeadNew;) {
        this.#isHeadNew = false;
        const answer = await this.#list();
        if (this.#isStopped) return;
        if ("value" in answer) this.#compare(answer.value);
        else {
          this.#isHeadNew = true;
          failures += await this.#pause(answer, failures);
        }
      }
    });
  }

  async #list(): Promise<Answer<{ conversations: Conversation[]; head: string }>> {
    type Listed = { conversations: Conversation[]; head: string; next_cursor: string | null };
    const path = "/api/conversations?limit=100";
    const first = await this.#api.call<Listed>("GET", path);
    if (!("value" in first)) return first;
    const { conversations, head } = first.value;
    for (let cursor = first.value.next_cursor; cursor !== null;) {
      const next = await this.#api.call<Listed>(
        "GET",
        `${path}&cursor=${encodeURIComponent(cursor)}`,
      );
      if (!("value" in next)) return next;
      conversations.push(...next.value.conversations);
      cursor = next.value.next_cursor;
    }
    return { value: { conversations, head } };
  }

  #compare({ conversations, head }: { conversations: Conversation[]; head: string }): void {
    this.#events.conversations(conversations);
    for (const each of conversations) {
      const { match_id, last_message } = each;
      // The app loads older messages (before_seq) when the user looks at them.
      this.#beginnings.set(match_id, each.last_seq - Math.min(each.unread_count, 1));
      this.#begin(match_id);
      this.#show(match_id, this.#timeline(match_id).skipTo(each.first_seq));
      this.#take(match_id, [last_message]);
      this.#marks.confirm("read", match_id, each.read_seq);
    }
    this.#head = head;
    for (const [matchId, timeline] of this.#timelines) {
      if (this.#beginnings.has(matchId)) continue;
      timeline.begin(this.options.lastSeq(matchId) ?? 0);
      this.#show(matchId, timeline.take([]));
    }
  }

  /** Begin a timeline, but not above an unsent message: the list may be faster than its `ack`. */
  #begin(matchId: string): void {
    const newest = this.options.lastSeq(matchId);
    const beginning = this.#beginnings.get(matchId);
    if (beginning === undefined) return;
    if (newest === undefined && this.#outbox.first(matchId)) return;
    this.#beginnings.delete(matchId);
    const timeline = this.#timeline(matchId);
    timeline.begin(newest ?? beginning);
    this.#show(matchId, timeline.take([]));
  }

  // --- sending ------------------------------------------------------------------------------

  /** Send the outbox of a match, each message after the `ack` of the one before. */
  #deliver(matchId: string): void {
    void this.#once(`deliver ${matchId}`, async () => {
      let failures = 0;
      for (let next; (next = this.#outbox.first(matchId)) && !this.#isStopped;) {
        const answer = await this.#attempt(next, failures);
        if (this.#isStopped) return;
        if (this.#outbox.has(next.client_id) && "code" in answer && isFinal(answer.code)) {
          this.#remove(next.client_id);
          this.#events.failed(next, answer.code);
        }
        if (!this.#outbox.has(next.client_id)) failures = 0;
        else failures += await this.#pause(answer, failures);
      }
      if (!this.#isStopped) this.#begin(matchId);
    });
  }

  /** Use the same client_id every time: the server recognises it over REST and WebSocket. */
  async #attempt(unsent: Unsent, failures: number): Promise<Answer<Message>> {
    const { match_id, client_id, content } = unsent;
    if (failures >= TRIES_OVER_SOCKET) {
      const path = `/api/conversations/${match_id}/messages`;
      const answer = await this.#api.call<Message>("POST", path, { client_id, ...content });
      if ("value" in answer && !this.#isStopped) this.#take(match_id, [answer.value]);
      return answer;
    }
    const frame = { type: "send", match_id, client_id, ...content } as const;
    const reply = await this.#connection.ask(`send ${client_id}`, frame);
    return reply?.type === "ack" ? { value: reply.message } : refusal(reply);
  }

  /** A message from the outbox is stored once any frame contains it. */
  #settle(message: Message): void {
    if (!this.#outbox.has(message.client_id)) return;
    this.#remove(message.client_id);
    const ack = { type: "ack", client_id: message.client_id, message } as const;
    this.#connection.answer(`send ${message.client_id}`, ack);
  }

  #remove(clientId: string): void {
    this.#outbox.remove(clientId).catch((error) => this.#events.notSaved(error));
  }

  /** Wait before the next attempt; return 1 if this one counts as a failure. */
  async #pause(answer: Answer<unknown>, failures: number): Promise<number> {
    const { code, wait_s } = "code" in answer ? answer : NO_ANSWER;
    if (wait_s > 0) await this.#wait.sleep(wait_s * 1000);
    if (!this.#isStopped) await this.#retry.sleep(backOff(failures, this.#random));
    return code === "rate_limited" || code === "message_limit" ? 0 : 1;
  }

  async #once(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    await work().finally(() => this.#busy.delete(name));
  }
}

function refusal(frame: ServerFrame | undefined): Refusal {
  if (frame?.type !== "error") return NO_ANSWER;
  return { code: frame.code, wait_s: frame.retry_after ?? 0 };
}
