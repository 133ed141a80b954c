import type { Api } from "./client.js";
import { ok } from "./errors.js";

/** Report first: a blocked user can still be reported, but is no longer on the screen. */
export async function reportAndBlock(api: Api, user_id: string): Promise<void> {
  const body = { user_id, reason: "spam", details: "Advertises a shop." } as const;
  ok(await api.POST("/api/reports", { body }));
  ok(await api.PUT("/api/blocks/{user_id}", { params: { path: { user_id } } }));
}
