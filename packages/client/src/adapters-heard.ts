import type { Epoch } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/core/wire';

/** Announcements that may be missed in a row. */
const missedAnnouncements = 3;

interface Heard {
  lastHeardMs: number;
  announces: boolean;
  /** All connections of the adapter with epochs up to this one are closed, unless they are known to be open. */
  closedThrough: Epoch | undefined;
}

/** What is known of the adapters themselves. Bounded: the one not heard for longest is forgotten. */
export interface AdaptersHeard {
  hear(event: ReceivedEvent, nowMs: number): void;
  /** Whether it announced its connections before, and has not done so for too long. */
  isSilent(adapterId: string, nowMs: number): boolean;
  closeThrough(adapterId: string, epoch: Epoch): void;
  isClosedThrough(adapterId: string, epoch: Epoch): boolean;
}

export function createAdaptersHeard(maxAdapters: number, announceIntervalMs: number): AdaptersHeard {
  const adapters = new Map<string, Heard>();
  return {
    hear({ adapter: { id }, announcement }, nowMs) {
      const known = adapters.get(id);
      adapters.delete(id);
      adapters.set(id, {
        lastHeardMs: nowMs,
        announces: announcement || known?.announces === true,
        closedThrough: known?.closedThrough,
      });
      const [oldest] = adapters.keys();
      if (adapters.size > maxAdapters && oldest !== undefined) adapters.delete(oldest);
    },
    isSilent(id, nowMs) {
      const known = adapters.get(id);
      return (
        known !== undefined &&
        known.announces &&
        nowMs - known.lastHeardMs > missedAnnouncements * announceIntervalMs
      );
    },
    closeThrough(id, epoch) {
      const known = adapters.get(id);
      if (known && (known.closedThrough === undefined || known.closedThrough < epoch))
        known.closedThrough = epoch;
    },
    isClosedThrough(id, epoch) {
      const closedThrough = adapters.get(id)?.closedThrough;
      return closedThrough !== undefined && epoch <= closedThrough;
    },
  };
}
