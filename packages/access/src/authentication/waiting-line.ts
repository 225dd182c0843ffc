/** What waits in a line: it knows which one, so that it can leave from the middle. */
export interface InLine {
  /** `undefined`: it waits no more. Only the line changes it. */
  line: WaitingLine<InLine> | undefined;
}

/** First in, first out. Whoever leaves from the middle moves none of the others. */
export class WaitingLine<Item extends InLine> {
  readonly name: string;
  /** Some of them left already: those are passed over. */
  #items: Item[] = [];
  #first = 0;
  #length = 0;

  constructor(name: string) {
    this.name = name;
  }

  get length(): number {
    return this.#length;
  }

  get first(): Item | undefined {
    for (; this.#first < this.#items.length; this.#first++) {
      const item = this.#items[this.#first];
      if (item?.line === this) return item;
    }
    return undefined;
  }

  get last(): Item | undefined {
    for (; this.#items.length > this.#first; this.#items.pop()) {
      const item = this.#items.at(-1);
      if (item?.line === this) return item;
    }
    return undefined;
  }

  push(item: Item): void {
    item.line = this;
    this.#items.push(item);
    this.#length += 1;
  }

  leave(item: Item): void {
    if (item.line !== this) return;
    item.line = undefined;
    this.#length -= 1;
    // So each that left is passed over once, and memory is kept for no more than wait, and as many again.
    if (this.#items.length <= 2 * this.#length + 100) return;
    this.#items = this.#items.slice(this.#first).filter((each) => each.line === this);
    this.#first = 0;
  }
}
