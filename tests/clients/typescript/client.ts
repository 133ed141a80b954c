import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

/** The API, through a `fetch` that may add a token and repeat requests. */
export function api(baseUrl: string, fetch: (request: Request) => Promise<Response>): Api {
  return createClient<paths>({ baseUrl, fetch });
}
