import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

/** Plan a meeting. The time needs a UTC offset; `toISOString` adds one. */
export async function plan(
  api: Api,
  match_id: string,
  venue_name: string,
  time: Date,
): Promise<Schemas["Session"]> {
  const params = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const body = { match_id, venue_name, scheduled_time: time.toISOString() };
  return ok(await api.POST("/api/sessions", { params, body }));
}

/** Return a file for the user's calendar. */
export async function calendar(api: Api, session_id: string): Promise<string> {
  const params = { path: { session_id } };
  const parseAs = "text";
  return ok(await api.GET("/api/sessions/{session_id}/calendar.ics", { params, parseAs }));
}

/** Confirm that the other user came. Once both have, the session is `completed`. */
export async function confirmMeeting(api: Api, session_id: string): Promise<Schemas["Session"]> {
  const params = { path: { session_id } };
  return ok(await api.POST("/api/sessions/{session_id}/confirm", { params }));
}

export async function reputation(api: Api, user_id: string): Promise<Schemas["Reputation"]> {
  return ok(await api.GET("/api/user/reputation/{user_id}", { params: { path: { user_id } } }));
}
