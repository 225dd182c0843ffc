import type { Clock } from './clock.ts';
import type { AdapterIdentity, ConnectedEvent, DisconnectedEvent } from './connection-event.ts';
import type { LeaseState } from './directory-leases.ts';
import type { ConnectionId, Timestamp } from './ids.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';

/** A connection of a dead instance whose ending nobody may have told. All of it is of the record: whoever tells it tells the same. */
export interface OwedEnding {
  /** As the instance stamped it where it began: a lease may have moved to the dead one. */
  readonly event: ConnectedEvent;
  /**
   * When the device connected, on the engine's clock, which `event.at` says on the clock of the instance that stamped it. Absent: that
   * is not known, or the clocks are the same.
   */
  readonly connectedAt?: Timestamp;
  /** Whether a sink may not have it: then it goes first, as it is. */
  readonly unconfirmed: boolean;
  /** What is told where the dead instance did not tell how it ended. */
  readonly reason: 'adapter-lost' | 'taken-over';
  /** The dead instance ended it, and may have died before it sent this: to be told as it is, under its id. */
  readonly ending?: DisconnectedEvent;
  /** Of a lease: it does not end with its instance. To be taken, or told once it has run out. */
  readonly lease?: OwedLease;
}

export interface OwedLease {
  readonly slot: string;
  readonly state: LeaseState;
  /** When its holder noted that it had heard the device, on the engine's clock: of the record, the same for all who look. */
  readonly heardAt?: Timestamp;
}

export interface DeadInstance {
  readonly identity: AdapterIdentity;
  /** When it last gave a sign of life, and when it was declared dead: on the engine's clock, the same for all who look. */
  readonly aliveAt: Timestamp;
  readonly declaredAt: Timestamp;
  /** No instance had this name: leases were moved under it, since no one held them. Their endings name the adapter where they began. */
  readonly isInvented?: true;
}

/** A second way to know that an instance lives: it still publishes. */
export interface PublishingSignal {
  /**
   * Whether an event or an announcement of this incarnation, of after its last sign of life, came within the last `withinMs`.
   * `unknown`, as a rejection, counts as `publishes`: nobody is declared dead on half the evidence. An implementation that waited in
   * vain for as long as it may says `silent`: then signs of life alone decide.
   */
  stateOf(instance: string, withinMs: number): Promise<'publishes' | 'silent' | 'unknown'>;
}

export interface UndertakerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** An instance that gave no sign of life for so long is dead: on this process's monotonic clock, and only while all its looks succeed. */
  readonly deadAfterMs: number;
  /** Absent: signs of life alone decide. */
  readonly signal?: PublishingSignal;
  /** An instance was declared dead by this undertaker. Must not throw. */
  declared?(instance: string): void;
  /**
   * Tells endings of one dead instance, and waits until they are safe. Some at a time; may be called again for the same ones.
   *
   * @param now on the engine's clock, as all times of a {@link DeadInstance}: the clock of the one who tells decides nothing.
   * @returns what is settled. The rest is owed still, and comes again.
   */
  tell(dead: DeadInstance, owed: readonly OwedEnding[], now: Timestamp): Promise<readonly ConnectionId[]>;
}

/** Ends the connections of dead instances. Several may be at work in a fleet. Begins when it is made. */
export interface Undertaker {
  /** Idempotent; waits for what is being told. */
  stop(): Promise<void>;
}

export type CreateUndertaker = (context: UndertakerContext) => Promise<Undertaker>;
