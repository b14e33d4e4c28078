/**
 * The emulator's time. It runs with the machine's clock and can be moved forward, so that IAM's lag, sessions' ends and
 * key ages cost a test nothing. Give `now` and `sleep` to the code under test wherever it waits or reads the time.
 */
export class VirtualClock {
  #advanced = 0;

  /**
   * How far the servers' clocks are ahead of this machine's, in milliseconds: it shows in the `Date` header and in the
   * check of signatures, as a wrong clock on the caller's side would. Moving time forward does not skew.
   */
  skew = 0;

  /** Milliseconds since 1970, with everything that was advanced. */
  readonly now = (): number => Date.now() + this.#advanced;

  /** Moves time forward at once. */
  advance(milliseconds: number): void {
    this.#advanced += milliseconds;
  }

  /** A sleep that takes no time: what to inject where the real code would wait. */
  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.advance(milliseconds);
  };

  /** What the servers believe the wall clock to be; signatures are held against this. */
  serverTime(): number {
    return Date.now() + this.skew;
  }
}
