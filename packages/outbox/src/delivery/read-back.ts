import type { OutboundEvent } from '@rollcall/core/sink';
import type { Journal, Place } from '../journal/journal.ts';
import { takeFirst } from '../journal/take-first.ts';

export interface ReadBackContext {
  readonly journal: Pick<Journal, 'read'>;
  /** Whether there is room for events that are needed now. */
  mayRead(): boolean;
  /** Whether there is room for events that will be needed soon. */
  mayReadAhead(): boolean;
  isInMemory(place: Place): boolean;
  /** @param inUse whether a lane asked for it, and sends it now. */
  arrived(place: Place, outbound: OutboundEvent, inUse: boolean): void;
}

/** A caller that waits for an event to be read. */
type Asked = readonly [Place, PromiseWithResolvers<OutboundEvent | undefined>];

/** How many events are read at a time. */
const readAtOnce = 200;

/** Reads events back from the journal, those that are asked for at the same time together. */
export class ReadBack {
  readonly #context: ReadBackContext;
  readonly #wanted = new Map<Place, PromiseWithResolvers<OutboundEvent | undefined>>();
  readonly #wantedAhead = new Set<Place>();
  #reading = false;

  constructor(context: ReadBackContext) {
    this.#context = context;
  }

  /** @param ahead events that will be asked for next. */
  fetch(place: Place, ahead: readonly Place[]): Promise<OutboundEvent | undefined> {
    let promise = this.#wanted.get(place);
    if (!promise) this.#wanted.set(place, (promise = Promise.withResolvers()));
    for (const next of ahead) if (!this.#context.isInMemory(next)) this.#wantedAhead.add(next);
    this.goOn();
    return promise.promise;
  }

  /** Reads the events that are asked for, if there is room for them now. */
  goOn(): void {
    if (this.#reading || this.#wanted.size === 0 || !this.#context.mayRead()) return;
    this.#reading = true;
    // After this turn, so that all calls of the turn are served together.
    queueMicrotask(() => void this.#read());
  }

  async #read(): Promise<void> {
    const asked = takeFirst(this.#wanted, readAtOnce);
    const places = asked.map(([place]) => place);
    const ahead = this.#context.mayReadAhead()
      ? [...this.#wantedAhead].slice(0, readAtOnce - asked.length)
      : [];
    this.#wantedAhead.clear();
    try {
      const events = await this.#context.journal.read([...places, ...ahead]);
      for (const [index, one] of asked.entries()) this.#answer(one, events[index]);
      for (const [index, place] of ahead.entries()) this.#arrived(place, events[asked.length + index], false);
    } catch (error) {
      await this.#readOneByOne(asked, error);
    }
    this.#reading = false;
    this.goOn();
  }

  /** One by one, so that an event that cannot be read does not delay the others. */
  async #readOneByOne(asked: readonly Asked[], cause: unknown): Promise<void> {
    for (const one of asked) {
      const [place, { reject }] = one;
      try {
        if (asked.length === 1) throw cause;
        this.#answer(one, (await this.#context.journal.read([place]))[0]);
      } catch (error) {
        reject(error);
      }
    }
  }

  #answer([place, { resolve }]: Asked, outbound: OutboundEvent | undefined): void {
    this.#arrived(place, outbound, true);
    resolve(outbound);
  }

  #arrived(place: Place, outbound: OutboundEvent | undefined, inUse: boolean): void {
    if (outbound) this.#context.arrived(place, outbound, inUse);
  }
}
