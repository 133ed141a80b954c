import type { RealtimeClient } from "./client.js";

/** Connect a client with the page that it runs in. */
export function attach(client: RealtimeClient): void {
  const look = () => client.setVisible(document.visibilityState === "visible");
  document.addEventListener("visibilitychange", look);
  globalThis.addEventListener("online", () => client.online());
  look();
}
