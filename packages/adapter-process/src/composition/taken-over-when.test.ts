import { ManualClock, settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import type { Instant, Timestamp } from '@rollcall/core';
import type { DisconnectedEvent } from '@rollcall/core/events';
import type { ConnectionTracker } from '@rollcall/core/tracker';
import { expect, test } from 'vitest';
import { startScripted } from '../testing/start-scripted.ts';

/** Time passes between any two looks at it, as on a busy machine. */
class PassingClock extends ManualClock {
  #passedMs = 0;
  override monotonic(): Instant {
    return (super.monotonic() + (this.#passedMs += 10)) as Instant;
  }
  override now(): Timestamp {
    return (super.now() + this.#passedMs) as Timestamp;
  }
}

const basis = { kind: 'session', detectWithinMs: null } as const;
const session: ConnectionTracker<Instant | null, 'begin'> = {
  initial: null,
  presence: (lastSeen) => (lastSeen === null ? undefined : { lastSeen }),
  reduce(seen, signal, at) {
    if (signal === 'begin') return { state: at, changes: [{ type: 'connected', basis }] };
    if (seen === null || signal.type === 'deadline') return { state: seen, changes: [] };
    return {
      state: null,
      changes: [{ type: 'disconnected', basis, reason: signal.reason, lastSeen: seen }],
    };
  },
};

test('a connection that is taken over has ended when the newer one begins, however slow the process is', async () => {
  const adapter = await startScripted({ clock: new PassingClock() });
  const login = { username: 'valve-1@acme', password: Buffer.from(scriptedPassword), remoteIp: '::1' };
  const result = await adapter.host.access.authenticate(login);
  if (result.status !== 'accepted') throw new Error('refused');
  const { identity } = result;
  for (const remoteId of ['older', 'newer'])
    adapter.host.presence.open(session, { identity, remoteId, slot: 'x', protocol: 'Test' }).report('begin');
  await settled();
  const [, ended, newer] = adapter.sink.events;
  expect(ended).toMatchObject({ type: 'disconnected', reason: 'taken-over' });
  expect(newer).toMatchObject({ type: 'connected' });
  expect((ended as DisconnectedEvent).at).toBeLessThanOrEqual(newer?.at ?? 0);
  await adapter.running.stop({ graceMs: 0 });
});
