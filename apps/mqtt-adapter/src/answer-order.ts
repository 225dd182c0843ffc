/**
 * PUBACKs go out in the order of their PUBLISHes [MQTT-4.6.0-2]. Places, and not a chain of promises: a device that has one message
 * under way, as most do, makes none.
 */
export class AnswerOrder {
  #begun = 0;
  #answered = 0;
  #waiting: Map<number, () => void> | undefined;

  /** A PUBLISH came. The result is its place. */
  begin(): number {
    return this.#begun++;
  }

  /** Resolves when all before it were answered; `undefined`: they are. */
  turnOf(place: number): Promise<void> | undefined {
    if (place === this.#answered) return undefined;
    return new Promise((resolve) => (this.#waiting ??= new Map()).set(place, resolve));
  }

  /** The one whose turn it is was answered, or never will be. */
  answered(): void {
    this.#answered += 1;
    const next = this.#waiting?.get(this.#answered);
    this.#waiting?.delete(this.#answered);
    next?.();
  }
}
