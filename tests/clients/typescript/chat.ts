// The folder `realtime` is a copy of examples/realtime/src.
import { RealtimeClient } from "./realtime/client.js";
import type { Unsent } from "./realtime/outbox.js";
import type { Message } from "./realtime/protocol.js";
import type { Session } from "./session.js";

/** The part of the app that shows conversations and stores their messages. */
export interface Screen {
  lastSeq(matchId: string): number | undefined;
  show(message: Message): void;
  notSent(clientId: string, code: string): void;
  partnerHasRead(matchId: string, seq: number): void;
  partnerTypes(matchId: string): void;
  removeBefore(matchId: string, seq: number): void;
  newMatch(matchId: string): void;
  matchEnded(matchId: string): void;
  connected(isConnected: boolean): void;
}

/** Connect, and stay connected. `kept` is localStorage, or another lasting store. */
export async function openChat(
  baseUrl: string,
  session: Session,
  screen: Screen,
  kept: Pick<Storage, "getItem" | "setItem">,
): Promise<RealtimeClient> {
  const key = `unsent ${session.userId}`;
  const client = new RealtimeClient({
    baseUrl,
    userId: session.userId,
    accessToken: (refused) => session.accessToken(refused),
    lastSeq: (matchId) => screen.lastSeq(matchId),
    storage: {
      load: async () => JSON.parse(kept.getItem(key) ?? "[]") as Unsent[],
      save: async (unsent) => kept.setItem(key, JSON.stringify(unsent)),
    },
    events: {
      message: (message) => screen.show(message),
      failed: (unsent, code) => screen.notSent(unsent.client_id, code),
      read: (matchId, userId, seq) => {
        if (userId !== session.userId) screen.partnerHasRead(matchId, seq);
      },
      typing: (matchId) => screen.partnerTypes(matchId),
      hidden: (matchId, firstSeq) => screen.removeBefore(matchId, firstSeq),
      match: (match) => screen.newMatch(match.id),
      matchEnded: (matchId) => screen.matchEnded(matchId),
      conversations: () => {},
      connected: (isConnected) => screen.connected(isConnected),
      sessionEnded: () => void session.end(),
      notSaved: (error) => console.error(error),
    },
  });
  await client.start();
  return client;
}
