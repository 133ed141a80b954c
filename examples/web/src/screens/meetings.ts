// Meetings: the list, and planning one.

import { api, at, done, once, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import { go, type Screen } from "../router.js";
import * as session from "../session.js";
import { card, choice, field, form, say, when, words } from "../ui.js";

type Meeting = Schemas["Session"];

export const HOUR_MS = 3_600_000;
const SOONEST_MS = HOUR_MS / 4;
export const OPEN = new Set(["scheduled", "in_progress"]);

export async function meetings(): Promise<Screen> {
  const { sessions } = await done(api.GET("/api/sessions", { params: { query: { limit: 100 } } }));
  const open = sessions.filter(({ status }) => OPEN.has(status));
  const past = sessions.filter(({ status }) => !OPEN.has(status));
  const none = h(
    "div.card.empty",
    h("p", "No meeting yet. Plan one with a match."),
    h("a.button.primary", { href: "#/matches" }, "Your matches"),
  );
  return {
    title: "Meetings",
    body: sessions.length ? [list("Coming up", open), list("Before", past)] : none,
  };
}

export const list = (title: string, meetings: readonly Meeting[]): Child =>
  meetings.length > 0 && card(title, h("ul.rows", meetings.map(row)));

function row({ id, partner, venue_name, scheduled_time, status }: Meeting): HTMLElement {
  const text = h("span", when(scheduled_time), ` · ${venue_name}`);
  const state = status !== "scheduled" && h("span.count", words(status));
  return h("li", h("a.row", { href: `#/sessions/${id}` }, h("b", partner.name), text, state));
}

// --- planning ---------------------------------------------------------------------------------

/** A time as an <input> has it: local, to the minute. */
function local(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function timeAndPlace(time: Date, venue: string): Child {
  const type = "datetime-local";
  const min = local(new Date(Date.now() + SOONEST_MS));
  return [
    field("Where", "venue_name", { required: true, maxlength: 200, value: venue }),
    field("When", "scheduled_time", { type, required: true, min, value: local(time) }),
  ];
}

export async function plan(match_id: string, query: URLSearchParams): Promise<Screen> {
  const [match, { challenges }] = await Promise.all([
    done(api.GET("/api/matches/{match_id}", at({ match_id }))),
    done(api.GET("/api/challenges")),
  ]);
  const { name } = match.partner;
  const tomorrow = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 24 * HOUR_MS);
  const options = [
    ["", "None"],
    ...challenges.map(({ id, title }) => [id, title] as const),
  ] as const;
  const [mine, theirs] = match.user1_id === session.me() ? ["user1", "user2"] : ["user2", "user1"];
  const header = once();
  const fields = [
    timeAndPlace(tomorrow, query.get("venue") ?? match.venue_suggestion ?? ""),
    choice("Your challenge", `${mine}_challenge_id`, options),
    choice(`Challenge for ${name}`, `${theirs}_challenge_id`, options),
    field("Notes for both", "notes", { type: "textarea", maxlength: 2000 }),
  ];
  const made = form<Omit<Schemas["Plan"], "match_id">>("Plan it", fields, async (values) => {
    const body = { match_id, ...values };
    const { id } = await done(api.POST("/api/sessions", { params: { header }, body }));
    say(`The meeting is planned. ${name} gets an email.`);
    go(`/sessions/${id}`);
  });
  return { title: `Meet ${name}`, back: `/matches/${match_id}`, body: h("div.card", made) };
}
