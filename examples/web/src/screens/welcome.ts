// Signing up, logging in, and forgotten passwords.

import { api, done, type Schemas } from "../api.js";
import { config } from "../config.js";
import { h, type Child } from "../dom.js";
import { go, type Screen } from "../router.js";
import * as session from "../session.js";
import { field, form } from "../ui.js";

/** Set when a session has ended: the reason, and the screen to return to. */
export const interrupted: { reason?: string; path?: string } = {};

const email = () =>
  field("Email", "email", { type: "email", required: true, autocomplete: "email" });

const password = (kind: "current" | "new") => {
  const autocomplete = `${kind}-password`;
  const props = { type: "password", required: true, minlength: 8, autocomplete };
  return field("Password", "password", props, kind === "new" ? "At least 8 characters." : "");
};

const link = (before: string, href: string, text: string) => h("p", before, h("a", { href }, text));

function welcome(title: string, ...body: Child[]): Screen {
  return { title, body: h("div.card.narrow", body) };
}

export function logIn(): Screen {
  const { reason, path = "/" } = interrupted;
  const fields = [email(), password("current")];
  const made = form<Schemas["Credentials"]>("Log in", fields, async (body) => {
    enter(await done(api.POST("/auth/login", { body })), path);
  });
  return welcome(
    "Log in",
    reason && h("p.note", { role: "status" }, reason),
    made,
    link("", "#/forgot", "Forgot your password?"),
    link("New here? ", "#/signup", "Sign up"),
  );
}

function enter(tokens: { access_token: string; refresh_token: string }, path: string): void {
  session.begin(tokens);
  delete interrupted.reason;
  delete interrupted.path;
  go(path);
}

export function signUp(): Screen {
  const name = field("First name", "first_name", { autocomplete: "given-name", maxlength: 100 });
  const fields = [name, email(), password("new")];
  const made = form<Schemas["Registration"]>("Sign up", fields, async (values) => {
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const body = { ...values, timezone };
    const answer = await done(api.POST("/auth/register", { body }));
    if ("access_token" in answer) enter(answer, "/");
    else go(`/sent?${new URLSearchParams({ email: body.email })}`);
  });
  return welcome(
    "Sign up",
    h("p", "Meet people, and their dogs, by doing something together."),
    made,
    link("You have an account? ", "#/login", "Log in"),
  );
}

export function forgot(): Screen {
  const made = form<Schemas["Forgotten"]>("Send me a link", [email()], async (body) => {
    await done(api.POST("/auth/password/forgot", { body }));
    go(`/sent?${new URLSearchParams({ ...body })}`);
  });
  return welcome("Forgot your password?", h("p", "We email you a link to a new one."), made);
}

export function sent(_: string, query: URLSearchParams): Screen {
  const address = query.get("email") ?? "";
  const inbox = `${config.inbox_url}?${new URLSearchParams({ to: address })}`;
  return welcome(
    "Look into your inbox",
    h("p", "If we know ", h("b", address), ", an email with a link is on its way to it."),
    h("p", "The link opens this app, and you are signed in."),
    config.inbox_url && h("a.button.primary", { href: inbox }, "Open the inbox"),
    link("", "#/login", "Back to log in"),
  );
}
