const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;

/** Exponential back-off with full jitter, from the first retry on: a restart of the service
 * disconnects everyone at the same moment. */
export function backOff(failures: number, random: () => number): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
}

/** Sleeps that can be ended early, all at once. */
export class Sleepers {
  readonly #awake = new Set<() => void>();

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#awake.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#awake.add(wake);
    });
  }

  wake(): void {
    for (const wake of [...this.#awake]) wake();
  }
}
