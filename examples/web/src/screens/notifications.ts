// What has happened, newest first.

import { api, done, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import { tell } from "../live.js";
import type { Screen } from "../router.js";
import { liveRegion, when } from "../ui.js";

export async function notifications(): Promise<Screen> {
  const { node, onLeave } = await liveRegion(
    "Notifications",
    ({ kind }) => kind.startsWith("match"),
    load,
  );
  return { title: "Notifications", body: node, onLeave };
}

async function load(): Promise<Child> {
  const params = { query: { limit: 50 } };
  const { notifications } = await done(api.GET("/api/notifications", { params }));
  const [newest] = notifications;
  if (!newest) {
    return h("p.card.empty", "Nothing yet. Likes, invitations and meetings show up here.");
  }
  if (!newest.read_at) {
    await done(api.PUT("/api/notifications/read", { body: { until: newest.id } }));
    tell({ kind: "notifications_read" });
  }
  return h("ul.card.rows", notifications.map(row));
}

function row(each: Schemas["Notification"]): HTMLElement {
  const { kind, match_id, session_id, text, created_at, read_at } = each;
  const isTalk = kind === "message" || kind === "unread_messages";
  const href = session_id
    ? `#/sessions/${session_id}`
    : match_id && `#/${isTalk ? "conversations" : "matches"}/${match_id}`;
  const isNew = !read_at && h("span.count", "New");
  return h(
    "li",
    h(href ? "a.row" : "div.row", { href }, h("span", text), h("small", when(created_at)), isNew),
  );
}
