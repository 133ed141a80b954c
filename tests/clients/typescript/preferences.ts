import type { Api } from "./client.js";
import { ok } from "./errors.js";

/** Change preferences: each call accepts any subset, and returns all of them. */
export async function choose(api: Api, user_id: string): Promise<void> {
  const dogs = { min_age: 1, max_age: 9, max_distance: 10, distance_unit: "kilometers" } as const;
  ok(await api.PUT("/api/profile/preferences", { body: dogs }));

  const pushes = { messages: true, message_previews: false };
  ok(await api.PUT("/api/notifications/preferences", { body: pushes }));

  const emails = { marketing_emails: false, quiet_hours: { start: "22:00", end: "07:00" } };
  const params = { path: { user_id } };
  ok(await api.PUT("/api/email/preferences/{user_id}", { params, body: emails }));
}
