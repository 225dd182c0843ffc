/** So many answers in a row that did not come in time: the next ones are not waited for. */
const missesInARow = 20;
/** So many may be under way: beyond that, what is asked would only wait behind them. */
const mostUnderWay = 1_000;

/** Whether it makes sense to ask the engine, and to wait for it. */
export class Breaker {
  #misses = 0;
  #underWay = 0;

  /** Nothing is asked beyond this. */
  get isFull(): boolean {
    return this.#underWay >= mostUnderWay;
  }

  /** Whether answers are waited for. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  get isOpen(): boolean {
    return this.#misses >= missesInARow;
  }

  asked(): void {
    this.#underWay += 1;
  }

  /** What was asked is over, whatever came of it. */
  over(): void {
    this.#underWay -= 1;
  }

  answeredInTime(): void {
    this.#misses = 0;
  }

  missed(): void {
    this.#misses += 1;
  }

  /** A sign of life went through. */
  close(): void {
    this.#misses = 0;
  }
}
