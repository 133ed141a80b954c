import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";
import type { RealtimeClient } from "./realtime/client.js";

/** List playgrounds within 2 km, nearest first. */
export async function playgroundsAround(
  api: Api,
  latitude: number,
  longitude: number,
): Promise<Schemas["Playground"][]> {
  const query = { latitude, longitude, radius: 2, unit: "kilometers" } as const;
  return ok(await api.GET("/api/playgrounds", { params: { query } })).playgrounds;
}

export async function addPlayground(
  api: Api,
  latitude: number,
  longitude: number,
): Promise<Schemas["Playground"]> {
  const params = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const body = { name: "Burggarten", latitude, longitude, description: "A lawn and a fountain." };
  return ok(await api.POST("/api/playgrounds", { params, body }));
}

/** Send a message with a place instead of text. */
export function share(chat: RealtimeClient, matchId: string, playgroundId: string) {
  return chat.send(matchId, { playground_id: playgroundId });
}
