import type { OpenConnection } from '../host-presence.ts';
import type { SharedLease, SignHere } from '../shared-lease.ts';
import type { Arrival } from './arrival.ts';
import type { LeaseSettings } from './lease-interval.ts';
import type { LeaseSignal } from './lease-tracker.ts';
import { learnedText, readLearned } from './learned-text.ts';
import type { RhythmStore } from './rhythm-store.ts';

interface LeasesOfBook {
  readonly rhythms: Pick<RhythmStore, 'get'>;
  held(key: string): Pick<OpenConnection<LeaseSignal>, 'report'> | undefined;
}

/** The hooks for leases of a book that are shared with other adapters. @returns makes the hooks for one key. */
export function createSharedLeases({ rhythms, held }: LeasesOfBook): (key: string) => SharedLease {
  /** The settings are the same for all devices of an adapter. They are known from the first request on. */
  let settings: LeaseSettings | undefined;

  return (key) => ({
    signOf(signal) {
      // Signals that a protocol adds have other names.
      const known = signal as LeaseSignal;
      if (known.type === 'request') settings ??= settingsOf(known.terms);
      return signOf(known);
    },
    heardElsewhere: (sign) =>
      held(key)?.report({ type: 'heard-elsewhere', sign, ...(settings && { settings }) }),
    goesOn: (state) => held(key)?.report({ type: 'goes-on', state, rhythm: readLearned(state.learned) }),
    learned: () => learnedText(rhythms.get(key)),
  });
}

function signOf(signal: LeaseSignal): SignHere | undefined {
  switch (signal.type) {
    case 'request': {
      const { ttdMs, declaredMs } = signal.terms;
      if (signal.part === 'rest') return { kind: 'heard', ...arrivalIn(signal) };
      return {
        kind: 'request',
        ...arrivalIn(signal),
        ...(ttdMs !== undefined && { ttdMs }),
        ...(declaredMs !== undefined && { declaredMs }),
      };
    }
    case 'heard':
      return { kind: 'heard', ...arrivalIn(signal) };
    default:
      return undefined;
  }
}

function arrivalIn({ heardAt, readAt }: Partial<Arrival>): Partial<Arrival> {
  return { ...(heardAt !== undefined && { heardAt }), ...(readAt !== undefined && { readAt }) };
}

function settingsOf({ defaultMs, minLearnedMs, maxLearnedMs, ttdGraceMs }: LeaseSettings): LeaseSettings {
  return { defaultMs, minLearnedMs, maxLearnedMs, ttdGraceMs };
}
