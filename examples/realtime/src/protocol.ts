// Frames and REST bodies, as docs/realtime.md and the API document describe them.

export interface Playground {
  id: string;
  name: string;
  latitude: number;
  longitude: number;
}

export interface Message {
  id: string;
  match_id: string;
  seq: number;
  sender_id: string | null;
  client_id: string;
  text: string | null;
  playground: Playground | null;
  sent_at: string;
}

export interface Conversation {
  match_id: string;
  partner: { user_id: string | null; name: string; photo_url: string | null };
  last_message: Message;
  unread_count: number;
  last_seq: number;
  read_seq: number;
  first_seq: number;
  updated_at: string;
}

export interface Page {
  messages: Message[];
  first_seq: number;
  has_more: boolean;
}

export interface Ticket {
  url: string;
  ticket: string;
  heartbeat_s: number;
  max_age_s: number;
}

export type Content = { text: string } | { playground_id: string };
export type Mark = "received" | "read";

export type ClientFrame =
  | ({ type: "send"; match_id: string; client_id: string } & Content)
  | { type: Mark; match_id: string; seq: number }
  | { type: "typing"; match_id: string }
  | { type: "sync"; match_id: string; after_seq: number }
  | { type: "ping" };

export interface ErrorFrame {
  type: "error";
  code: string;
  detail: string;
  request: string | null;
  client_id?: string | null;
  match_id?: string | null;
  retry_after?: number | null;
}

export type ServerFrame =
  | { type: "ack"; client_id: string; message: Message }
  | { type: "message"; message: Message }
  | ({ type: "messages"; match_id: string } & Page)
  | { type: "read"; match_id: string; user_id: string; seq: number }
  | { type: "typing"; match_id: string; user_id: string }
  | { type: "hidden"; match_id: string; first_seq: number }
  | { type: "match"; match: { id: string } }
  | { type: "match_ended"; match_id: string }
  | { type: "pong"; head: string }
  | { type: "session_ended" }
  | ErrorFrame;

/** API Gateway's own errors have no `type`, and do not say which frame they answer. */
export function parseFrame(data: unknown): ServerFrame {
  let frame: unknown;
  try {
    frame = JSON.parse(String(data));
  } catch {
    frame = undefined;
  }
  if (typeof frame === "object" && frame !== null && "type" in frame) return frame as ServerFrame;
  return { type: "error", code: "internal_error", detail: String(data), request: null };
}
