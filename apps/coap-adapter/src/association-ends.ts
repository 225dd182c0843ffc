import type { Instant } from '@rollcall/core';
import type { CloseReason } from '@rollcall/dtls';
import type { DeviceAssociation } from './associations.ts';

/** Knows how associations end, for requests that are under way on them. */
export interface AssociationEnds {
  closed(association: DeviceAssociation, reason: CloseReason, at: Instant): void;
  /** Aborts when the association is closed, or the adapter stops: nothing is sent to the device any more. */
  signalOf(association: DeviceAssociation): AbortSignal;
  /** When its device closed it; `undefined`: it did not. */
  leftAt(association: DeviceAssociation): Instant | undefined;
}

export function createAssociationEnds(stopping: AbortSignal): AssociationEnds {
  /** Of associations that were asked for their signal. */
  const ends = new WeakMap<DeviceAssociation, AbortController>();
  const left = new WeakMap<DeviceAssociation, Instant>();

  return {
    closed(association, reason, at) {
      ends.get(association)?.abort();
      if (reason === 'close-notify') left.set(association, at);
    },
    signalOf(association) {
      const end = ends.get(association) ?? new AbortController();
      ends.set(association, end);
      if (!association.isOpen) end.abort();
      return AbortSignal.any([stopping, end.signal]);
    },
    leftAt: (association) => left.get(association),
  };
}
