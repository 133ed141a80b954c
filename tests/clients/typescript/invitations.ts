import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

/** Invite a user. A repetition with the same key returns the first answer. */
export async function invite(
  api: Api,
  invitee_id: string,
  key: string,
): Promise<Schemas["Match"] | "open" | "later"> {
  const answer = await api.POST("/api/matches", {
    params: { header: { "Idempotency-Key": key } },
    body: { invitee_id, venue_suggestion: "Café Central", note: "Saturday afternoon?" },
  });
  switch (answer.error?.code) {
    case "match_already_open":
      return "open";
    case "recently_declined":
    case "daily_match_limit":
      return "later";
    default:
      return ok(answer);
  }
}

/** Accept or decline; repeating the same answer changes nothing. */
export async function answer(
  api: Api,
  match_id: string,
  action: "accept" | "decline",
): Promise<Schemas["Match"]> {
  const params = { path: { match_id } };
  return ok(await api.POST("/api/matches/{match_id}/respond", { params, body: { action } }));
}
