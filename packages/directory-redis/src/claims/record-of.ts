import type { Clock } from '@rollcall/core/environment';
import type { EngineTime } from '../state/engine-time.ts';
import type { HeldConnection } from '../state/held-connection.ts';
import { bodyText, type StoredLease } from '../wire/body.ts';
import { recordText } from '../wire/record.ts';

/** The record of a connection as it stands now. */
export function recordOf(held: HeldConnection, time: EngineTime, clock: Clock): string {
  const lease = storedLease(held, time, clock);
  return recordText({
    device: held.deviceName,
    field: held.field,
    body: bodyText({
      event: held.event,
      ...(held.claimedAtMs > 0 && { claimedAtMs: held.claimedAtMs }),
      ...(lease && { lease }),
    }),
    ...(lease && { untilMs: lease.untilMs }),
  });
}

/** Durations become instants of the engine's clock, which all instances share. */
function storedLease(
  { noted, slot = '' }: HeldConnection,
  time: EngineTime,
  clock: Clock,
): StoredLease | undefined {
  if (!noted) return undefined;
  const { basis, silentMs, leftMs, learned } = noted.state;
  const notedAtMs = (time.now() ?? clock.now()) - (clock.monotonic() - noted.at);
  return {
    slot,
    basis,
    heardAtMs: notedAtMs - silentMs,
    untilMs: notedAtMs + leftMs,
    ...(learned !== undefined && { learned }),
  };
}
