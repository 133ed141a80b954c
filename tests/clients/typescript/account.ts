import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

/** Open an account. The API sends an email, even if the address already has an account. */
export async function register(api: Api, email: string, password: string): Promise<void> {
  const body = { email, password, first_name: "Maya", timezone: "Europe/Vienna" };
  ok(await api.POST("/auth/register", { body }));
}

/** Use the link in the email, which opened the app: …/auth/confirm?token=…&type=signup */
export async function confirm(api: Api, link: string): Promise<Schemas["Tokens"]> {
  const token = new URL(link).searchParams.get("token") ?? "";
  const body = { token, type: "signup" } as const;
  const tokens = ok(await api.POST("/auth/confirm", { body }));
  if (typeof tokens === "string" || !("access_token" in tokens)) throw new Error("not signed in");
  return tokens;
}

export async function logIn(
  api: Api,
  email: string,
  password: string,
): Promise<Schemas["Tokens"] | "wrong" | "not confirmed"> {
  const answer = await api.POST("/auth/login", { body: { email, password } });
  if (answer.error?.code === "invalid_credentials") return "wrong"; // or an unknown address
  if (answer.error?.code === "email_not_confirmed") return "not confirmed";
  return ok(answer);
}
