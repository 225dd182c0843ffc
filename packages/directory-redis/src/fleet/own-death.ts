import type { ConnectionId } from '@rollcall/core';
import { sleep } from '@rollcall/core/environment';
import type { Shared } from '../shared.ts';
import type { HeldConnection } from '../state/held-connection.ts';
import { untoldOf } from './untold-of.ts';

/** How long to wait for the engine. Sockets of the dead incarnation stay open meanwhile. */
const patienceMs = 2_000;

export interface OwnDeathOutcome {
  /** Connections that the engine does not have: no other instance publishes their endings. */
  readonly neverKnown: readonly ConnectionId[];
  /** Sessions that ended here while the engine was away: other instances published their endings, or will. */
  readonly toldByOthers: readonly ConnectionId[];
  /** Whether the engine answered, if it was asked. */
  readonly hasAnswered: boolean;
}

/** Decides, once this incarnation was declared dead, who ends the connections that the engine did not confirm. */
export class OwnDeath {
  readonly #shared: Shared;
  /** Connections that ended while it was not known whether this incarnation is dead. */
  #leftInDoubt: HeldConnection[] = [];

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  leftInDoubt(held: HeldConnection): void {
    this.#leftInDoubt.push(held);
  }

  /** @returns what was left meanwhile: nobody else publishes the endings of these. */
  doubtEnded(): readonly HeldConnection[] {
    const left = this.#leftInDoubt;
    this.#leftInDoubt = [];
    return left;
  }

  /**
   * The engine may have a claim whose answer was lost; then others publish its ending. So it is asked. What is entered meanwhile is not
   * claimed, and so is never known. If the engine does not answer, this instance publishes all endings that the engine did not confirm:
   * twice is better than never. What it did confirm is left to others then.
   *
   * @param mayLack whether the engine may lack what it confirmed, as one that failed over: then it is asked about that, too.
   * @param notReleased connections that ended, and the engine did not confirm that it knows.
   */
  async settle(mayLack: boolean, notReleased: Iterable<HeldConnection> = []): Promise<OwnDeathOutcome> {
    const { self, context } = this.#shared;
    const confirmed = new Set(mayLack ? this.#open().filter(({ known }) => known) : []);
    const open = this.#open().filter((held) => !held.known || confirmed.has(held));
    // Whoever holds a lease by now learns how it ended: see `UntoldEnds`.
    const ended = [...notReleased].flatMap(({ noted, event }) => (noted ? [] : [event]));
    if (open.length + ended.length === 0) {
      this.#leftInDoubt = [];
      return { neverKnown: [], toldByOthers: [], hasAnswered: true };
    }
    const untold = await Promise.race([
      untoldOf(self.identity.instance, [...open.map(({ event }) => event), ...ended], this.#shared),
      sleep(context.clock, patienceMs).then(() => undefined),
    ]);
    const isOnlyHere = (connection: ConnectionId): boolean => untold?.connections.has(connection) ?? true;
    const asked = new Set(open);
    const unknown = this.#open()
      .filter((held) => {
        const { connectionId } = held.event;
        if (confirmed.has(held)) return untold?.connections.has(connectionId) ?? false;
        return !held.known && (!asked.has(held) || isOnlyHere(connectionId));
      })
      .map(({ event }) => event.connectionId);
    this.#leftInDoubt = [];
    const left = ended.map(({ connectionId }) => connectionId);
    // An engine that began anew may not have had these when they ended: then it could not note how.
    const neverKnown = [...new Set([...unknown, ...left.filter(isOnlyHere)])];
    const toldByOthers = left.filter((connection) => !isOnlyHere(connection));
    return { neverKnown, toldByOthers, hasAnswered: untold !== undefined };
  }

  #open(): readonly HeldConnection[] {
    return [...this.#shared.book.all(), ...this.#leftInDoubt];
  }
}
