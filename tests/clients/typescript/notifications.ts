import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

/** List notifications, newest first, and mark them as read. */
export async function openFeed(api: Api): Promise<Schemas["Notification"][]> {
  const { notifications } = ok(await api.GET("/api/notifications"));
  const newest = notifications[0];
  if (newest) ok(await api.PUT("/api/notifications/read", { body: { until: newest.id } }));
  return notifications;
}

/** Call this at each start, and whenever Firebase issues a new token. */
export async function registerDevice(api: Api, device_id: string, token: string): Promise<void> {
  const params = { path: { device_id } };
  ok(await api.PUT("/api/devices/{device_id}", { params, body: { platform: "web", token } }));
}
