import type { Instant } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { DirectoryEntry, LeaseState } from '@rollcall/core/directory';
import { bucketOf } from '../wire/bucket-of.ts';
import { deviceName, slotField } from '../wire/field-text.ts';
import { shortId } from '../wire/short-id.ts';

/** What this instance last noted of a lease, and when. */
export interface NotedLease {
  readonly state: LeaseState;
  readonly at: Instant;
}

/** A connection that this instance holds, as it stands towards the engine. */
export class HeldConnection implements DirectoryEntry {
  readonly event: ConnectedEvent;
  readonly slot?: string;
  readonly bucket: number;
  /** As it was granted: a fresh claim may get a later one than its event. */
  epoch: string;
  /** Of a lease. */
  noted: NotedLease | undefined;
  /** A lease of another incarnation, taken while that lived or since it is gone. */
  moved = false;
  /** Whom the engine may still name as its holder: the incarnation whose journal this one goes on with. Empty: nobody. */
  from = '';
  /** The engine has had its record: should this incarnation die, others tell its ending. */
  known = false;
  /** The listener was told that it lost its slot. */
  displaced = false;

  constructor({ event, slot }: DirectoryEntry, noted?: NotedLease) {
    this.event = event;
    if (slot !== undefined) this.slot = slot;
    this.epoch = event.epoch;
    this.noted = noted;
    this.bucket = bucketOf(this.deviceName);
  }

  // What follows is made when it is needed: it would cost memory for each connection.

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
