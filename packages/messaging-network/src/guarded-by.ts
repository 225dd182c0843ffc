import type { FrameFacts, GuardedSocket } from '@rollcall/amqp-frame-guard';
import type rhea from 'rhea';

const guards = new WeakMap<rhea.Connection, GuardedSocket>();

export function isGuardedBy(connection: rhea.Connection, guarded: GuardedSocket): void {
  guards.set(connection, guarded);
}

/** What rhea does not tell of the frame that a peer's connection is being handed. */
export function factsOf(connection: rhea.Connection): Partial<FrameFacts> {
  return guards.get(connection)?.facts ?? {};
}
