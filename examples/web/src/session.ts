// The signed-in user. sessionStorage belongs to one tab, so two windows are two people.

import { config } from "./config.js";
import { recordedFetch } from "./record.js";

interface Session {
  userId: string;
  access: string;
  refresh: string;
  expiresAt: number;
}

interface Tokens {
  access_token: string;
  refresh_token: string;
}

const KEY = "session";
const ENOUGH_MS = 120_000;
const watchers = new Set<(reason?: string) => void>();
let renewing: Promise<string> | undefined;

/** The session has ended; the message is for the user. */
export class SessionEnded extends Error {}

export function current(): Session | undefined {
  const kept = sessionStorage.getItem(KEY);
  return kept ? (JSON.parse(kept) as Session) : undefined;
}

/** The id of the signed-in user. */
export function me(): string {
  const session = current();
  if (!session) throw new SessionEnded("Log in to see this.");
  return session.userId;
}

export function begin({ access_token, refresh_token }: Tokens): void {
  const payload = access_token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/");
  const { sub, exp } = JSON.parse(atob(payload ?? "")) as { sub: string; exp: number };
  const session: Session = {
    userId: sub,
    access: access_token,
    refresh: refresh_token,
    expiresAt: exp * 1000,
  };
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

export function end(reason?: string): void {
  if (!current()) return;
  sessionStorage.clear();
  for (const watcher of watchers) watcher(reason);
}

export function onEnd(watcher: (reason?: string) => void): void {
  watchers.add(watcher);
}

/** Return a token that is valid for two more minutes, and is not the `refused` one. */
export async function accessToken(refused?: string): Promise<string> {
  const session = current();
  if (!session) throw new SessionEnded("You are logged out.");
  const isGood = session.access !== refused && session.expiresAt - Date.now() > ENOUGH_MS;
  if (isGood) return session.access;
  // All waiting requests share one renewal, because a refresh token works once.
  renewing ??= renew(session).finally(() => (renewing = undefined));
  return renewing;
}

async function renew(session: Session): Promise<string> {
  const response = await recordedFetch(`${config.api_url}/auth/refresh`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: session.refresh }),
  });
  if (response.ok) {
    const tokens = (await response.json()) as Tokens;
    begin(tokens);
    return tokens.access_token;
  }
  if (response.status === 429 || response.status >= 500) {
    throw new Error("The session could not be renewed yet. Try again in a moment.");
  }
  const reason = "Your session has ended. Log in again to go on.";
  end(reason);
  throw new SessionEnded(reason);
}
