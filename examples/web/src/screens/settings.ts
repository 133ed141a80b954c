// Preferences for discovery, notifications, blocks and the account.

import { api, at, done, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import * as live from "../live.js";
import { show, type Screen } from "../router.js";
import * as session from "../session.js";
import {
  action,
  askFor,
  card,
  choice,
  download,
  field,
  form,
  say,
  tick,
  when,
  words,
} from "../ui.js";
import { LEVELS } from "./profile.js";

const PUSHES = {
  matches: "Likes, invitations and matches",
  messages: "Messages",
  match_ended: "Matches that have ended",
  sessions: "Meetings",
  message_previews: "Show the words of messages",
};
const EMAILS = {
  match_notifications: "Invitations and matches",
  session_reminders: "Meetings and reminders",
  feedback_requests: "How a meeting was",
  messages: "Messages that I have not read",
  marketing_emails: "News from us",
};
const UNITS = [
  ["kilometers", "Kilometers"],
  ["miles", "Miles"],
] as const;
const OFTEN = [
  ["immediate", "At once"],
  ["daily", "Once a day"],
] as const;

export async function settings(): Promise<Screen> {
  const path = at({ user_id: session.me() });
  const [wanted, pushes, emails, { blocks }, own] = await Promise.all([
    done(api.GET("/api/profile/preferences")),
    done(api.GET("/api/notifications/preferences")),
    done(api.GET("/api/email/preferences/{user_id}", path)),
    done(api.GET("/api/blocks", { params: { query: { limit: 100 } } })),
    done(api.GET("/api/account")),
  ]);
  const savePushes = (body: Schemas["PushPreferencesChange"]) =>
    done(api.PUT("/api/notifications/preferences", { body }));
  const saveEmails = (body: Schemas["PreferenceChanges"]) =>
    done(api.PUT("/api/email/preferences/{user_id}", { ...path, body }));
  return {
    title: "Settings",
    body: [
      card("What you look for", discovery(wanted)),
      card("Push notifications", switches(PUSHES, pushes, savePushes)),
      card("Emails", switches(EMAILS, emails, saveEmails), times(emails, saveEmails)),
      blocks.length > 0 && card("Blocked", h("ul.rows", blocks.map(blocked))),
      card("Your account", account(own)),
    ],
  };
}

function discovery(wanted: Schemas["ProfilePreferences"]): HTMLElement {
  type Name = "min_age" | "max_age" | "max_distance";
  const number = (label: string, name: Name, max: number, step: string | number = 1) =>
    field(label, name, { type: "number", required: true, min: 0, max, step, value: wanted[name] });
  const fields = [
    h("div.pair", number("Dogs from", "min_age", 20), number("to years", "max_age", 20)),
    h(
      "div.pair",
      number("Within", "max_distance", 500, "any"),
      choice("Unit", "distance_unit", UNITS, wanted.distance_unit),
    ),
    choice("Activity", "activity_level", [["", "Any"], ...LEVELS], wanted.activity_level),
  ];
  return form<Schemas["ProfilePreferenceChanges"]>("Save", fields, async (values) => {
    const body = { ...values, activity_level: values.activity_level ?? null }; // null: any
    await done(api.PUT("/api/profile/preferences", { body }));
    say("Saved. Discovery shows a new list.");
  });
}

function switches<K extends string>(
  labels: Record<K, string>,
  on: NoInfer<Record<K, boolean>>,
  save: (changed: NoInfer<Record<K, boolean>>) => Promise<unknown>,
): HTMLElement {
  const names = Object.keys(labels) as K[];
  const fields = names.map((name) => tick(labels[name], name, on[name]));
  return form<Record<K, boolean>>("Save", fields, async (changed) => {
    await save(changed);
    say("Saved.");
  });
}

function times(
  { quiet_hours, email_frequency }: Schemas["EmailPreferences"],
  save: (changed: Schemas["PreferenceChanges"]) => Promise<unknown>,
): HTMLElement {
  const time = (label: string, name: "start" | "end") =>
    field(label, name, { type: "time", value: quiet_hours?.[name] });
  const fields = [
    choice("How often", "email_frequency", OFTEN, email_frequency),
    h("div.pair", time("No emails from", "start"), time("until", "end")),
  ];
  type Wanted = Pick<Schemas["EmailPreferences"], "email_frequency"> & Schemas["QuietHours"];
  return form<Wanted>("Save times", fields, async ({ start, end, email_frequency }) => {
    await save({ email_frequency, quiet_hours: start && end ? { start, end } : null });
    say("Saved.");
  });
}

function blocked({ user_id, blocked_at }: Schemas["Block"], index: number): HTMLElement {
  const lift = () => done(api.DELETE("/api/blocks/{user_id}", at({ user_id }))).then(show);
  const unblock = action("Unblock", lift, { "aria-label": `Unblock number ${index + 1}` });
  return h("li.row", h("span", "Blocked ", when(blocked_at)), h("div.tools", unblock));
}

// --- account ----------------------------------------------------------------------------------

function account({ email, sign_ins }: Schemas["OwnAccount"]): Child {
  const newest = sign_ins.slice(0, 5);
  const rows = newest.map(({ at, outcome }) => h("li", when(at), ` · ${words(outcome)}`));
  return [
    h("p", "Signed in as ", h("b", email)),
    h("details", h("summary", "Recent sign-ins"), h("ul", rows)),
    h(
      "div.tools",
      action("Log out", logOut),
      action("Change password", changePassword),
      action("Export my data", exportData),
      action("Delete my account", deleteAccount, { class: "danger" }),
    ),
  ];
}

async function logOut(): Promise<void> {
  await leave(done(api.POST("/auth/logout", {})), "You are logged out.");
}

/** End the session. The request also closes the connection, so the client stops before it. */
async function leave(asked: Promise<unknown>, text: string): Promise<void> {
  live.stop();
  await asked.catch((error) => {
    live.start();
    throw error;
  });
  session.end(text);
}

const secret = (label: string, name: string, kind: "current" | "new") =>
  field(label, name, {
    type: "password",
    required: true,
    minlength: kind === "new" ? 8 : 1,
    autocomplete: `${kind}-password`,
  });

function changePassword(): void {
  const fields = [
    secret("Current password", "current_password", "current"),
    secret("New password", "password", "new"),
  ];
  const change = (body: Schemas["PasswordChange"]) => done(api.PUT("/auth/password", { body }));
  const changed = () => say("Your password is changed, and you are logged out everywhere else.");
  askFor("Change your password", fields, "Change it", change, changed);
}

async function exportData(): Promise<void> {
  const found = await done(api.GET("/api/account/export"));
  download("wingman.json", JSON.stringify(found, null, 2));
  say("Your data is downloaded.");
}

function deleteAccount(): void {
  const text =
    "Your profile, photos, messages and matches are deleted for good, and planned meetings are cancelled.";
  const fields = [h("p", text), secret("Password", "password", "current")];
  const remove = (body: Schemas["Deletion"]) =>
    leave(done(api.DELETE("/api/account", { body })), "Your account is deleted.");
  askFor("Delete your account?", fields, "Delete my account for good", remove);
}
