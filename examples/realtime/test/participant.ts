// One of the two users of tests/faults/chat.py: sends, reloads, and reports the shown messages.

import { WebSocket } from "ws";
import { RealtimeClient } from "../src/client.js";
import type { Message } from "../src/protocol.js";
import { MemoryStorage } from "./server.js";

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

const MATCH = env("MATCH_ID");
const ME = env("USER_ID");
const TO_SEND = Number(env("TO_SEND"));
const IN_ALL = Number(env("IN_ALL"));
const SPEED = Number(env("SPEED"));
const IS_VISIBLE = env("IS_VISIBLE") === "true";
const SHOWN_BEFORE_RELOAD = 50;
const MOST_UNSENT = 3;

// Shortens all waits of the client.
const { setTimeout: later, setInterval: often } = globalThis;
const began = Date.now();
const now = Date.now.bind(Date);
Date.now = () => began + (now() - began) * SPEED;
type Run = (...given: unknown[]) => void;
globalThis.setTimeout = ((run: Run, ms = 0, ...given: unknown[]) =>
  later(run, ms / SPEED, ...given)) as typeof setTimeout;
globalThis.setInterval = ((run: Run, ms = 0, ...given: unknown[]) =>
  often(run, ms / SPEED, ...given)) as typeof setInterval;

const storage = new MemoryStorage();
const shown: Message[] = [];
const failed: string[] = [];
let client = begin();

function begin(): RealtimeClient {
  const ignore = () => {};
  const begun = new RealtimeClient({
    baseUrl: env("API_URL"),
    userId: ME,
    accessToken: async () => env("TOKEN"),
    lastSeq: () => shown.at(-1)?.seq ?? 0,
    storage,
    events: {
      message: (message) => void shown.push(message),
      failed: (_, code) => void failed.push(code),
      read: ignore,
      typing: ignore,
      hidden: ignore,
      match: ignore,
      matchEnded: ignore,
      conversations: ignore,
      connected: ignore,
      sessionEnded: () => void failed.push("session_ended"),
      notSaved: ignore,
    },
    WebSocket: WebSocket as unknown as new (url: string) => globalThis.WebSocket,
  });
  begun.setVisible(IS_VISIBLE);
  void begun.start();
  return begun;
}

function report(): void {
  const found = shown.map(({ id, seq, client_id, text }) => ({ id, seq, client_id, text }));
  process.stdout.write(JSON.stringify({ shown: found, failed, unsent: storage.unsent.length }));
  process.stdout.write("\n", () => process.exit());
}

process.stdin.on("data", report); // the test has stopped waiting

const SILENCE_MS = 20_000; // after this, missing messages are lost
const pause = () => new Promise((resolve) => later(resolve, 5));
let sent = 0;
let reloads = 0;
let [count, since] = [0, now()];
while (shown.length < IN_ALL || storage.unsent.length > 0) {
  if (shown.length !== count) [count, since] = [shown.length, now()];
  if (now() - since > SILENCE_MS) break;
  if (sent < TO_SEND && storage.unsent.length < MOST_UNSENT) {
    await client.send(MATCH, { text: `${ME} ${++sent}` });
    if (sent % 10 === 0) client.typing(MATCH);
  }
  if (IS_VISIBLE && shown.length > 0 && shown.length % 10 === 0)
    client.read(MATCH, shown.at(-1)!.seq);
  if (shown.length >= (reloads + 1) * SHOWN_BEFORE_RELOAD) {
    reloads += 1;
    client.stop();
    client = begin();
  }
  await pause();
}
await pause(); // a duplicate would be shown now
report();
