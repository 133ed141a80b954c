// Connects the client of examples/realtime with the screens.

import { RealtimeClient } from "../../realtime/src/client.js";
import type { Unsent } from "../../realtime/src/outbox.js";
import { attach } from "../../realtime/src/page.js";
import type { Content, Message } from "../../realtime/src/protocol.js";
import { config } from "./config.js";
import { RecordedSocket, recordedFetch } from "./record.js";
import * as session from "./session.js";

export type { Content, Message, Unsent };

export type News =
  | { kind: "message"; matchId: string; message: Message }
  | { kind: "unsent"; matchId: string; unsent: Unsent }
  | { kind: "failed"; matchId: string; unsent: Unsent; code: string }
  | { kind: "read"; matchId: string; userId: string; seq: number }
  | { kind: "typing"; matchId: string }
  | { kind: "hidden"; matchId: string; firstSeq: number }
  | { kind: "match"; matchId: string }
  | { kind: "match_ended"; matchId: string }
  | { kind: "conversations" }
  | { kind: "notifications_read" }
  | { kind: "connected"; isConnected: boolean };

const listeners = new Set<(news: News) => unknown>();
/** The newest message of each conversation that this page has loaded or shown. */
const newest = new Map<string, number>();
let client: RealtimeClient | undefined;

export function listen(listener: (news: News) => unknown): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function tell(news: News): void {
  for (const listener of listeners) listener(news);
}

/** For this tab only, like the session; `session.end` clears both. */
const outbox = () => JSON.parse(sessionStorage.getItem("outbox") ?? "[]") as Unsent[];

export function unsent(matchId: string): Unsent[] {
  return outbox().filter((each) => each.match_id === matchId);
}

export function have(matchId: string, seq: number): void {
  newest.set(matchId, Math.max(seq, newest.get(matchId) ?? 0));
}

export function start(): void {
  if (client) return;
  const made = new RealtimeClient({
    baseUrl: config.api_url,
    userId: session.me(),
    accessToken: session.accessToken,
    lastSeq: (matchId) => newest.get(matchId),
    storage: {
      load: async () => outbox(),
      save: async (unsent) => sessionStorage.setItem("outbox", JSON.stringify(unsent)),
    },
    fetch: recordedFetch,
    WebSocket: RecordedSocket,
    events: {
      message: (message) => {
        have(message.match_id, message.seq);
        tell({ kind: "message", matchId: message.match_id, message });
      },
      failed: (unsent, code) => tell({ kind: "failed", matchId: unsent.match_id, unsent, code }),
      read: (matchId, userId, seq) => tell({ kind: "read", matchId, userId, seq }),
      typing: (matchId) => tell({ kind: "typing", matchId }),
      hidden: (matchId, firstSeq) => tell({ kind: "hidden", matchId, firstSeq }),
      match: ({ id }) => tell({ kind: "match", matchId: id }),
      matchEnded: (matchId) => tell({ kind: "match_ended", matchId }),
      conversations: () => tell({ kind: "conversations" }),
      connected: (isConnected) => tell({ kind: "connected", isConnected }),
      sessionEnded: () => session.end("Your session has ended. Log in again to go on."),
      notSaved: (error) => console.error("the outbox could not be saved", error),
    },
  });
  client = made;
  attach(made);
  void made.start();
}

export function stop(): void {
  client?.stop();
  client = undefined;
  newest.clear();
}

export async function send(matchId: string, content: Content): Promise<void> {
  const client_id = await client?.send(matchId, content);
  if (client_id)
    tell({ kind: "unsent", matchId, unsent: { match_id: matchId, client_id, content } });
}

export const read = (matchId: string, seq: number) => client?.read(matchId, seq);
export const typing = (matchId: string) => client?.typing(matchId);
