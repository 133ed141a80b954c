export interface Problem {
  status: number;
  code: string;
  detail: string;
  request_id: string;
  errors?: { field: string; message: string }[];
}

/** The server refused a request. Decide by `problem.code`, never by the text. */
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfterS: number,
  ) {
    super(`${problem.code}: ${problem.detail} (request ${problem.request_id})`);
  }
}

/** Return the data of an answer, or throw its problem. */
export function ok<T>(answer: { data?: T | undefined; error?: unknown; response: Response }): T {
  if (answer.response.ok) return answer.data as T;
  const wait = Number(answer.response.headers.get("Retry-After"));
  throw new Refused(problem(answer.error, answer.response), wait || 0);
}

function problem(error: unknown, { status, headers }: Response): Problem {
  if (headers.get("Content-Type") === "application/problem+json") return error as Problem;
  // The gateway has answered instead of the API: it is overloaded, or cannot reach the API.
  const code = status === 429 ? "rate_limited" : "dependency_unavailable";
  const detail = "The service is busy. Try again in a moment.";
  return { status, code, detail, request_id: headers.get("X-Request-Id") ?? "unknown" };
}

/** A sentence for the user. */
export function sentence(error: unknown): string {
  if (!(error instanceof Refused)) return "You seem to be offline. Try again in a moment.";
  const { problem, retryAfterS } = error;
  if (problem.code === "rate_limited") return `Please wait ${retryAfterS} seconds.`;
  const fields = problem.errors?.map(({ field, message }) => `${field}: ${message}`);
  return fields?.join("\n") ?? problem.detail;
}
