import type { FrameFacts, GuardedSocket } from '@rollcall/amqp-frame-guard';
import type rhea from 'rhea';

const guards = new WeakMap<rhea.Connection, GuardedSocket>();

export function isGuardedBy(connection: rhea.Connection, guarded: GuardedSocket): void {
  guards.set(connection, guarded);
}

/** Facts about the frame that rhea is processing which rhea itself does not report. */
export function factsOf(connection: rhea.Connection): Partial<FrameFacts> {
  return guards.get(connection)?.facts ?? {};
}
