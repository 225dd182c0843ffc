import type { Instant } from '@rollcall/core';
import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { DirectoryEntry, LeaseState } from '@rollcall/core/directory';
import { bucketOf } from '../wire/bucket-of.ts';
import { deviceName, slotField } from '../wire/field-text.ts';
import { shortId } from '../wire/short-id.ts';

/** The state of a lease that this instance noted last, and when. */
export interface NotedLease {
  readonly state: LeaseState;
  readonly at: Instant;
}

/** A connection that this instance holds, and what the engine knows of it. */
export class HeldConnection implements DirectoryEntry {
  readonly event: ConnectedEvent;
  readonly slot?: string;
  readonly bucket: number;
  /** The epoch that the engine granted: a fresh claim may get a later one than its event has. */
  epoch: string;
  /** Of a lease. */
  noted: NotedLease | undefined;
  /** A lease of another incarnation, taken from it while it was alive, or because it is gone. */
  moved = false;
  /** The holder that the engine may still name: the incarnation whose journal this one continues. Empty: none. */
  from = '';
  /** The incarnation from which this one took the lease, as a short id; empty: none. */
  takenFrom = '';
  /** When its device connected, by the engine's clock in whole ms; 0: that is not known. */
  claimedAtMs = 0;
  /** The engine has its record: if this incarnation dies, others publish its ending. */
  known = false;
  /** A claim of it was sent, so the engine may have its record, whether it answered or not. */
  isSent = false;
  /** The engine is asked who holds this lease. It is published only after that, so it must not be asserted before. */
  isEntering = false;
  /** The listener knows that the connection lost its slot. */
  displaced = false;

  /** How it ended, if this instance publishes that. */
  ending: DisconnectedEvent | undefined;

  constructor({ event, slot }: DirectoryEntry, noted?: NotedLease) {
    this.event = event;
    if (slot !== undefined) this.slot = slot;
    this.epoch = event.epoch;
    this.noted = noted;
    this.bucket = bucketOf(this.deviceName);
  }

  // The following values are computed when they are needed: it would cost memory for each connection.

  get deviceName(): string {
    return deviceName(this.event.device);
  }

  get shortId(): string {
    return shortId(this.event.connectionId);
  }

  get field(): string {
    const kind = this.noted ? 'lease' : 'session';
    const { slot } = this;
    // The id is not made where it does not matter.
    return slotField(
      { kind, adapterType: this.event.adapter.type, slot },
      slot === undefined ? this.shortId : '',
    );
  }
}
