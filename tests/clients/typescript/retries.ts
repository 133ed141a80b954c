const LONGEST_WAIT_S = 10;
const TRIES = 4;
const PATIENCE_MS = 15_000;

/** A `fetch` that repeats requests that may succeed a moment later, after growing, random waits. */
export async function patient(request: Request): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const attempt = await attempted(request.clone());
    const wait = tries < TRIES ? waitAfter(request, attempt, tries) : undefined;
    if (wait === undefined) {
      if (attempt instanceof Response) return attempt;
      throw attempt;
    }
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

async function attempted(request: Request): Promise<Response | Error> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return fetch(request, { signal }).catch((error: Error) => error);
}

/** Return the seconds to wait before the next try, or undefined if there should be none. */
function waitAfter(request: Request, attempt: Response | Error, tries: number): number | undefined {
  const random = Math.random() * 2 ** tries * 0.25;
  const isNew = request.method === "POST" && !request.headers.has("Idempotency-Key");
  if (attempt instanceof Error) return isNew ? undefined : random;
  const wait = Number(attempt.headers.get("Retry-After")) || 0;
  if (wait > LONGEST_WAIT_S) return undefined; // the user decides
  if (attempt.status === 429) return wait + random; // nothing has happened yet
  return attempt.status >= 500 && !isNew ? wait + random : undefined;
}
