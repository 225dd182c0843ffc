import type { Timestamp } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { NotedPresence, Place } from './journal.ts';
import type { Standing } from './store/stored.ts';

/** An event whose standing is in memory, and not only in the store. */
export interface Row {
  readonly seq: Place;
  /** Set until the store has it. */
  outbound: OutboundEvent | undefined;
  /** The JSON of `outbound`, if it was made already. */
  facts: string | undefined;
  /** Set while its connection is open. */
  event: ConnectedEvent | undefined;
  /** Whether it is the announcement of a connection that moved here. */
  movedHere: boolean;
  waiting: readonly string[];
  parked: Readonly<Record<string, string>>;
  noted: NotedPresence | undefined;
  /** Which change of any row it was that made it differ from the store. */
  changedAs: number;
  /** Whether a batch with it was ever handed out: then the store may have it. */
  offered: boolean;
  /** What must change in the same transaction: the other half of its connection. */
  partner: Row | undefined;
  /** The key of the change of owed counts that must be stored with it. */
  owedWith: string | undefined;
}

const nothingParked: Readonly<Record<string, string>> = {};

export function rowOf(seq: Place, outbound: OutboundEvent | undefined, waiting: readonly string[]): Row {
  return {
    seq,
    outbound,
    facts: undefined,
    event: undefined,
    movedHere: false,
    waiting,
    parked: nothingParked,
    noted: undefined,
    changedAs: 0,
    offered: false,
    partner: undefined,
    owedWith: undefined,
  };
}

/** Whether a sink needs the event, or its connection is open. */
export function isKept({ event, waiting, parked }: Row): boolean {
  return event !== undefined || waiting.length > 0 || parked !== nothingParked;
}

/** What the store keeps about a row beside the event. */
export function standingOf({ event, waiting, parked, noted }: Row): Standing {
  return {
    open: event !== undefined,
    waiting,
    parked,
    ...(noted && { lastSeen: noted.lastSeen }),
    ...(noted?.lease && { lease: JSON.stringify(noted.lease) }),
  };
}

/** The reverse of {@link standingOf} for the notes about an open connection. */
export function notedOf({ lastSeen, lease }: Standing): NotedPresence | undefined {
  if (lastSeen === undefined) return undefined;
  return {
    lastSeen: lastSeen as Timestamp,
    ...(lease !== undefined && { lease: JSON.parse(lease) as NonNullable<NotedPresence['lease']> }),
  };
}
