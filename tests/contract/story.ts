// The story of a match, walked through with openapi-fetch and the types of the API document:
// `story.js plan` invites, accepts and plans; `story.js confirm SESSION_ID` is the rest.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[]; env: Record<string, string | undefined> };

type Match = components["schemas"]["Match"];
type Session = components["schemas"]["Session"];

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const as = (token: string) =>
  createClient<paths>({
    baseUrl: env("API_URL"),
    headers: { Authorization: `Bearer ${token}` },
  });
const maya = as(env("MAYA_TOKEN"));
const leo = as(env("LEO_TOKEN"));

function expect(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}

async function invite(): Promise<Match> {
  const body = { invitee_id: env("LEO_ID"), venue_suggestion: "Café Central" };
  const once = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const first = await maya.POST("/api/matches", { params: once, body });
  if (first.error) throw new Error(first.error.detail);
  expect("Location", first.response.headers.get("Location"), `/api/matches/${first.data.id}`);
  const again = await maya.POST("/api/matches", { params: once, body });
  expect("Idempotent-Replayed", again.response.headers.get("Idempotent-Replayed"), "true");
  return first.data;
}

// The compiler knows every code that this operation can answer.
async function inviteAgain(): Promise<string> {
  const { error } = await maya.POST("/api/matches", { body: { invitee_id: env("LEO_ID") } });
  switch (error?.code) {
    case "match_already_open":
    case "recently_declined":
      return error.code;
    case "invalid_request":
      return error.errors[0]?.field ?? "none";
    default:
      throw new Error(`unexpected: ${error?.code}`);
  }
}

async function plan(): Promise<string> {
  const match = await invite();
  expect("the second invitation", await inviteAgain(), "match_already_open");
  const path = { match_id: match.id };
  const refused = await maya.POST("/api/matches/{match_id}/respond", {
    params: { path },
    body: { action: "accept" },
  });
  expect("own answer", refused.error?.code, "initiator_cannot_respond");
  const accepted = await leo.POST("/api/matches/{match_id}/respond", {
    params: { path },
    body: { action: "accept" },
  });
  expect("status", accepted.data?.status, "accepted");
  const listed = await leo.GET("/api/matches", { params: { query: { status: "accepted" } } });
  expect("listed", listed.data?.matches[0]?.id, match.id);

  const challenges = await maya.GET("/api/challenges", {
    params: { query: { difficulty: "beginner" } },
  });
  const planned = await maya.POST("/api/sessions", {
    body: {
      match_id: match.id,
      venue_name: "Café Central",
      scheduled_time: new Date(Date.now() + 3 * 86_400_000).toISOString(),
      user1_challenge_id: challenges.data?.challenges[0]?.id ?? null,
    },
  });
  if (planned.error) throw new Error(planned.error.detail);
  const early = await maya.POST("/api/sessions/{session_id}/confirm", {
    params: { path: { session_id: planned.data.id } },
  });
  expect("an early confirmation", early.error?.code, "session_not_started");
  return planned.data.id;
}

async function confirm(session_id: string): Promise<void> {
  const params = { path: { session_id } };
  const noted = await leo.PATCH("/api/sessions/{session_id}", { params, body: { notes: null } });
  expect("notes", noted.data?.notes, null);
  const file = await leo.GET("/api/sessions/{session_id}/calendar.ics", {
    params,
    parseAs: "text",
  });
  expect("the calendar", file.data?.slice(0, 15), "BEGIN:VCALENDAR");
  await maya.POST("/api/sessions/{session_id}/confirm", { params });
  const both = await leo.POST("/api/sessions/{session_id}/confirm", { params });
  const session: Session | undefined = both.data;
  expect("session", session?.status, "completed");
  const reputation = await maya.GET("/api/user/reputation/{user_id}", {
    params: { path: { user_id: env("LEO_ID") } },
  });
  expect("score", reputation.data?.score, 1);
  const preferences = await leo.PUT("/api/email/preferences/{user_id}", {
    params: { path: { user_id: env("LEO_ID") } },
    body: { marketing_emails: false, quiet_hours: { start: "22:00", end: "07:00" } },
  });
  expect("preferences", preferences.data?.quiet_hours?.end, "07:00");
  const forged = await maya.POST("/api/email/unsubscribe", { body: { token: "forged" } });
  if (typeof forged.error !== "object") throw new Error("a page instead of a problem");
  expect("a forged token", forged.error.code, "invalid_token");
}

const [step, sessionId] = process.argv.slice(2);
if (step === "plan") console.log(await plan());
else await confirm(sessionId ?? "");
