/** After this many late answers in a row, no device waits for the next ones. */
const missesInARow = 20;
/** How many questions may be under way: more would only wait behind them. */
const mostUnderWay = 1_000;

/** Decides whether to ask the engine, and whether to wait for its answer. */
export class Breaker {
  #misses = 0;
  #underWay = 0;

  /** Whether as many questions are under way as may be. */
  get isFull(): boolean {
    return this.#underWay >= mostUnderWay;
  }

  /** Whether devices wait for answers. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  get isOpen(): boolean {
    return this.#misses >= missesInARow;
  }

  asked(): void {
    this.#underWay += 1;
  }

  /** A question is over, whatever its outcome. */
  over(): void {
    this.#underWay -= 1;
  }

  answeredInTime(): void {
    this.#misses = 0;
  }

  missed(): void {
    this.#misses += 1;
  }

  /** A sign of life was answered. */
  close(): void {
    this.#misses = 0;
  }
}
