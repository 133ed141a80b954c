// The API, with the types of its document: paths, bodies and answers are checked by the compiler.

import createClient from "openapi-fetch";
import { config } from "./config.js";
import { recordedFetch } from "./record.js";
import type { components, paths } from "./schema.js";
import * as session from "./session.js";

export type Schemas = components["schemas"];

interface Problem {
  code?: string;
  detail?: string;
  errors?: { field: string; message: string }[];
  missing?: string[];
}

/** A refusal of the API (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: { field: string; message: string }[];
  readonly retryAfter: number | undefined;
  readonly requestId: string;

  constructor(response: Response, problem: Problem) {
    super(problem.detail ?? "Something went wrong.");
    this.status = response.status;
    this.code = problem.code ?? "unknown";
    this.fields = problem.errors ?? [];
    this.retryAfter = Number(response.headers.get("retry-after")) || undefined;
    this.requestId = response.headers.get("x-request-id") ?? "";
  }
}

export const api = createClient<paths>({ baseUrl: config.api_url, fetch: send });

/** Send a request as the signed-in user, and renew a refused token once. */
async function send(request: Request): Promise<Response> {
  if (!session.current()) return recordedFetch(request);
  const token = await session.accessToken();
  const response = await recordedFetch(signed(request.clone(), token));
  if (response.status !== 401) return response;
  return recordedFetch(signed(request, await session.accessToken(token)));
}

function signed(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

type Asked<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** Return what the API answered, or throw an ApiError. */
export async function done<T>(asked: Asked<T>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  throw new ApiError(response, typeof error === "object" ? (error as Problem) : {});
}

/** Like `done`, but return undefined for a 404. */
export async function found<T>(asked: Asked<T>): Promise<T | undefined> {
  try {
    return await done(asked);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** The ids in the path of a request, as in `api.GET("/api/photos/{photo_id}", at({ photo_id }))`. */
export const at = <P>(path: P) => ({ params: { path } });

/** A key for a request that creates something: a repetition with it creates nothing new. */
export const once = () => ({ "Idempotency-Key": crypto.randomUUID() });
