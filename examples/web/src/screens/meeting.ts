// One meeting, and the steps before and after it.

import { api, at, done, found, once, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import { go, show, type Screen } from "../router.js";
import * as session from "../session.js";
import {
  action,
  ask,
  askFor,
  badge,
  card,
  choice,
  download,
  field,
  form,
  say,
  when,
  words,
} from "../ui.js";
import { HOUR_MS, OPEN, timeAndPlace } from "./meetings.js";
import { more } from "./safety.js";

type Meeting = Schemas["Session"];

export async function meeting(session_id: string): Promise<Screen> {
  const plan = await done(api.GET("/api/sessions/{session_id}", at({ session_id })));
  const { match_id, partner } = plan;
  const { user_id, name } = partner;
  const [reputation, match, feedback, { challenges }] = await Promise.all([
    found(api.GET("/api/user/reputation/{user_id}", at({ user_id }))),
    found(api.GET("/api/matches/{match_id}", at({ match_id }))),
    found(api.GET("/api/sessions/{session_id}/feedback", at({ session_id }))),
    done(api.GET("/api/challenges")),
  ]);
  const isFirst = match?.user1_id === session.me();
  const challengeId = isFirst ? plan.user1_challenge_id : plan.user2_challenge_id;
  const challenge = challenges.find(({ id }) => id === challengeId);
  return {
    title: `Meeting with ${name}`,
    back: "/sessions",
    body: [
      h("section.card", facts(plan), reputation && badge(reputation), before(plan)),
      challenge && card("Your challenge", attempt(plan, challenge)),
      hasBegun(plan) && card("How was it?", after(plan, isFirst, feedback)),
      more(user_id, name, () => go("/sessions")),
    ],
  };
}

const of = ({ id: session_id }: Meeting) => at({ session_id });
const hasBegun = (plan: Meeting) =>
  plan.status !== "cancelled" && Date.parse(plan.scheduled_time) <= Date.now();

/** Reload the screen after a step, and confirm the step. */
const stepped = (text: string) => async () => {
  await show();
  say(text);
};

function facts(plan: Meeting): Child {
  const rows: (readonly [string, Child])[] = [
    ["When", when(plan.scheduled_time)],
    ["Where", plan.venue_name],
    ["Status", words(plan.status)],
    ["Notes", plan.notes],
    ["Reason", plan.cancel_reason],
  ];
  return h(
    "dl.facts",
    rows.map(([name, value]) => value && [h("dt", name), h("dd", value)]),
  );
}

function before(plan: Meeting): Child {
  return h(
    "div.tools",
    action("Add to calendar", () => calendar(plan)),
    plan.status === "scheduled" && action("Move", () => move(plan)),
    OPEN.has(plan.status) && action("Cancel", () => cancel(plan), { class: "danger" }),
  );
}

async function calendar(plan: Meeting): Promise<void> {
  const options = { ...of(plan), parseAs: "blob" } as const;
  download("meeting.ics", await done(api.GET("/api/sessions/{session_id}/calendar.ics", options)));
  say("The calendar file is downloaded.");
}

function move(plan: Meeting): void {
  const fields = timeAndPlace(new Date(plan.scheduled_time), plan.venue_name);
  const patch = (body: Schemas["Change"]) =>
    done(api.PATCH("/api/sessions/{session_id}", { ...of(plan), body }));
  const moved = stepped(`The meeting is moved. ${plan.partner.name} gets an email.`);
  askFor("Move the meeting", fields, "Move it", patch, moved);
}

function cancel(plan: Meeting): void {
  const isLate = Date.parse(plan.scheduled_time) - Date.now() < 2 * HOUR_MS;
  const text = isLate
    ? "It begins in less than two hours: cancelling may count as not coming."
    : `${plan.partner.name} gets an email.`;
  const fields = [h("p", text), field("Reason", "reason", { maxlength: 500 })];
  const post = (body: Schemas["Cancellation"]) =>
    done(api.POST("/api/sessions/{session_id}/cancel", { ...of(plan), body }));
  const cancelled = stepped("The meeting is cancelled.");
  askFor("Cancel the meeting?", fields, "Cancel the meeting", post, cancelled);
}

// --- afterwards -------------------------------------------------------------------------------

const OUTCOMES = [
  ["done", "Done"],
  ["partly", "Partly"],
  ["not_done", "Not done"],
] as const;

function attempt(plan: Meeting, challenge: Schemas["Challenge"]): Child {
  const intro = [
    h("b", `${challenge.title} (${challenge.points} points)`),
    h("p", challenge.description),
  ];
  if (!hasBegun(plan)) return intro;
  const header = once();
  const learned = { type: "textarea", rows: 2, maxlength: 2000 };
  const fields = [
    choice("Did you do it?", "outcome", OUTCOMES, "done"),
    field("What did you learn?", "reflection", learned),
  ];
  const made = form<Schemas["Attempt"]>("Hand it in", fields, async (values) => {
    const params = { path: { challenge_id: challenge.id }, header };
    const body = { ...values, session_id: plan.id };
    await done(api.POST("/api/challenges/{challenge_id}/submissions", { params, body }));
    say("Your challenge is handed in.");
  });
  return [intro, made];
}

function after(plan: Meeting, isFirst: boolean, feedback?: Schemas["GivenFeedback"]): Child {
  const { name } = plan.partner;
  const confirmed = isFirst
    ? plan.user2_completed_confirmed_by_user1
    : plan.user1_completed_confirmed_by_user2;
  const confirm = async () => {
    await done(api.POST("/api/sessions/{session_id}/confirm", of(plan)));
    await stepped(`Thank you. ${name} is confirmed.`)();
  };
  const missed = () =>
    ask(
      `${name} did not come?`,
      "It counts against their reputation, unless they contradict.",
      "Report it",
      () => done(api.POST("/api/sessions/{session_id}/no-show", of(plan))),
      show,
    );
  const given = feedback && h("p", "Your feedback: ", stars(feedback.rating), " ", feedback.text);
  return [
    confirmed && h("p.note.good", `You confirmed that ${name} was there.`),
    plan.status === "in_progress" &&
      !confirmed &&
      h(
        "div.tools",
        action(`${name} was there`, confirm, { class: "primary" }),
        action(`${name} did not come`, missed),
      ),
    given ?? feedbackForm(plan),
  ];
}

const stars = (rating: number | null) => (rating ? "★".repeat(rating) : "");

function feedbackForm(plan: Meeting): HTMLElement {
  const ratings = [5, 4, 3, 2, 1].map((rating) => [String(rating), stars(rating)] as const);
  const words = { type: "textarea", rows: 2, maxlength: 2000 };
  const fields = [
    choice("Rating", "rating", [["", "No rating"], ...ratings]),
    field("Feedback", "text", words, "For us; the other never reads it."),
  ];
  return form("Send feedback", fields, async ({ rating, ...text }) => {
    const body = { ...text, ...(rating && { rating: Number(rating) }) };
    await done(api.POST("/api/sessions/{session_id}/feedback", { ...of(plan), body }));
    await stepped("Thank you for your feedback.")();
  });
}
