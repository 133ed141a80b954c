import type { Api, Schemas } from "./client.js";
import { ok, Refused } from "./errors.js";

/** Read profiles to like or pass, best first, page by page. */
export async function* discover(api: Api): AsyncGenerator<Schemas["DiscoveredProfile"]> {
  let cursor: string | null = null;
  do {
    try {
      const query: { limit: number; cursor?: string } = { limit: 50, ...(cursor && { cursor }) };
      const page = ok(await api.GET("/api/discovery", { params: { query } }));
      yield* page.profiles;
      cursor = page.next_cursor;
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.code !== "cursor_expired") throw error;
      cursor = null; // the list has changed: start again, without profiles liked or passed
    }
  } while (cursor);
}
