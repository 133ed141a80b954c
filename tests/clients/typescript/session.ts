import { api, type Schemas } from "./client.js";
import { ok, Refused } from "./errors.js";
import { patient } from "./retries.js";

type Tokens = Schemas["Tokens"];
export type Saved = Tokens & { received_at: number };

/** A store of tokens that outlives a restart of the app. */
export interface TokenStore {
  load(): Promise<Saved | undefined>;
  save(tokens: Saved | undefined): Promise<void>;
}

/** The session of a signed-in user. Its `fetch` sends the access token, and renews it in time. */
export class Session {
  #renewing: Promise<void> | undefined;

  private constructor(
    private readonly baseUrl: string,
    private readonly store: TokenStore,
    private readonly onEnd: () => void,
    private tokens: Saved,
  ) {}

  /** Begin a session after a sign-in. */
  static async begin(baseUrl: string, tokens: Tokens, store: TokenStore, onEnd: () => void) {
    const saved = { ...tokens, received_at: Date.now() };
    await store.save(saved);
    return new Session(baseUrl, store, onEnd, saved);
  }

  /** Continue after a restart of the app; undefined if no user is signed in. */
  static async restore(baseUrl: string, store: TokenStore, onEnd: () => void) {
    const saved = await store.load();
    return saved && new Session(baseUrl, store, onEnd, saved);
  }

  get userId(): string {
    return this.tokens.user.id;
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const token = await this.accessToken();
    const first = await patient(signed(request, token));
    if (first.status !== 401) return first;
    return patient(signed(request, await this.accessToken(token)));
  };

  /** Return a token that lasts a few more minutes, and is not the `refused` one. */
  async accessToken(refused?: string): Promise<string> {
    const age = (Date.now() - this.tokens.received_at) / 1000; // both by the device's clock
    if (age > this.tokens.expires_in - 300 || this.tokens.access_token === refused) {
      await (this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined)));
    }
    return this.tokens.access_token;
  }

  async #renew(): Promise<void> {
    const open = api(this.baseUrl, patient);
    const { refresh_token } = this.tokens;
    try {
      const tokens = ok(await open.POST("/auth/refresh", { body: { refresh_token } }));
      this.tokens = { ...tokens, received_at: Date.now() };
      await this.store.save(this.tokens);
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 401) await this.end();
      throw error;
    }
  }

  async logOut(): Promise<void> {
    await api(this.baseUrl, this.fetch).POST("/auth/logout", { body: { scope: "local" } });
    await this.end();
  }

  /** End the session here; the user has to sign in again. */
  async end(): Promise<void> {
    await this.store.save(undefined);
    this.onEnd();
  }
}

function signed(request: Request, token: string): Request {
  const copy = request.clone();
  copy.headers.set("Authorization", `Bearer ${token}`);
  return copy;
}
