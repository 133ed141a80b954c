import type { Content } from "./protocol.js";

export interface Unsent {
  match_id: string;
  client_id: string;
  content: Content;
}

/** Keeps unsent messages across a reload. Use one for each user and tab. */
export interface Storage {
  load(): Promise<Unsent[]>;
  save(unsent: readonly Unsent[]): Promise<void>;
}

/** Messages that the server has not acknowledged, in order. */
export class Outbox {
  #unsent: Unsent[] = [];
  #saved: Promise<void> = Promise.resolve();

  constructor(private readonly storage: Storage) {}

  async load(): Promise<void> {
    const loaded = await this.storage.load();
    this.#unsent = [...loaded, ...this.#unsent];
  }

  get matches(): Set<string> {
    return new Set(this.#unsent.map((each) => each.match_id));
  }

  first(matchId: string): Unsent | undefined {
    return this.#unsent.find((each) => each.match_id === matchId);
  }

  has(clientId: string): boolean {
    return this.#unsent.some((each) => each.client_id === clientId);
  }

  add(unsent: Unsent): Promise<void> {
    this.#unsent.push(unsent);
    return this.#save();
  }

  remove(clientId: string): Promise<void> {
    this.#unsent = this.#unsent.filter((each) => each.client_id !== clientId);
    return this.#save();
  }

  /** Saves run one at a time, so that an older state never replaces a newer one. */
  #save(): Promise<void> {
    const save = () => this.storage.save([...this.#unsent]);
    this.#saved = this.#saved.then(save, save);
    return this.#saved;
  }
}
