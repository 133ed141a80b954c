import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

/** Like a user; return the match if the like is mutual. */
export async function like(api: Api, user_id: string): Promise<Schemas["Match"] | null> {
  return ok(await api.PUT("/api/likes/{user_id}", { params: { path: { user_id } } })).match;
}

export async function pass(api: Api, user_id: string): Promise<void> {
  ok(await api.PUT("/api/passes/{user_id}", { params: { path: { user_id } } }));
}

/** Undo a pass: the profile is proposed again. */
export async function undoPass(api: Api, user_id: string): Promise<void> {
  ok(await api.DELETE("/api/passes/{user_id}", { params: { path: { user_id } } }));
}
