const PATIENCE_MS = 10_000;

export interface Refusal {
  code: string;
  wait_s: number;
}

/** What the server answered: a value, or the code of an error and the seconds to wait. */
export type Answer<T> = { value: T } | Refusal;

export const NO_ANSWER: Refusal = { code: "no_answer", wait_s: 0 };

/** After these codes, a retry can succeed; all others are final. */
const PASSING = new Set([
  "no_answer",
  "rate_limited",
  "message_limit",
  "dependency_unavailable",
  "internal_error",
  "connection_closed",
  "token_expired",
]);

export function isFinal(code: string): boolean {
  return !PASSING.has(code);
}

/** The REST API, for one user. */
export class Api {
  constructor(
    private readonly baseUrl: string,
    private readonly accessToken: (refused?: string) => Promise<string>,
    private readonly onSignedOut: () => void,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  async call<T>(method: string, path: string, body?: object): Promise<Answer<T>> {
    let answer: Answer<T>;
    try {
      answer = await this.#call<T>(method, path, body);
    } catch {
      return NO_ANSWER; // no network, no token, or no JSON
    }
    if ("code" in answer && answer.code === "unauthenticated") this.onSignedOut();
    return answer;
  }

  async #call<T>(method: string, path: string, body?: object): Promise<Answer<T>> {
    const token = await this.accessToken();
    const answer = await this.#send<T>(token, method, path, body);
    if (!("code" in answer) || answer.code !== "unauthenticated") return answer;
    return this.#send<T>(await this.accessToken(token), method, path, body);
  }

  async #send<T>(token: string, method: string, path: string, body?: object): Promise<Answer<T>> {
    const response = await this.fetch(this.baseUrl + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.ok) return { value: (await response.json()) as T };
    const wait_s = Number(response.headers.get("Retry-After")) || 0;
    if (response.status === 401) return { code: "unauthenticated", wait_s };
    if (response.status === 429) return { code: "rate_limited", wait_s };
    if (response.status >= 500) return { code: "dependency_unavailable", wait_s };
    return { code: (await response.json()).code, wait_s };
  }
}
