import type { ManualClock } from '@rollcall/conformance';
import type { MemoryFleet } from '@rollcall/conformance/fleet';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { DeadInstance, OwedEnding } from '@rollcall/core/directory';
import type { AdapterInTest } from './start-for-test.ts';

/** The name of an adapter's process in its fleet: a new one with each start. */
export const instanceOf = ({ running }: AdapterInTest): string => running.identity.instance;

/** Events in short: `+` a device connected, `-` it was reported as gone, and why. */
export const inWords = (events: readonly ConnectionEvent[]): string[] =>
  events.map((event) =>
    event.type === 'connected' ? `+${event.remoteId}` : `-${event.remoteId} ${event.reason}`,
  );

export interface RecordingUndertaker {
  readonly dead: DeadInstance[];
  /** What it was given to tell. */
  readonly owed: OwedEnding[];
  stop(): Promise<void>;
}

/** Tells no one of what the dead owe, and remembers it. */
export async function recordingUndertaker(
  fleet: MemoryFleet,
  { clock, deadAfterMs }: { readonly clock: ManualClock; readonly deadAfterMs: number },
): Promise<RecordingUndertaker> {
  const dead: DeadInstance[] = [];
  const owed: OwedEnding[] = [];
  const undertaker = await fleet.createUndertaker({
    clock,
    random: { next: () => 0, bytes: (length) => new Uint8Array(length) },
    log: silentLog,
    deadAfterMs,
    tell(instance, endings) {
      dead.push(instance);
      owed.push(...endings);
      return Promise.resolve(endings.map(({ event }) => event.connectionId));
    },
  });
  return { dead, owed, stop: () => undertaker.stop() };
}
