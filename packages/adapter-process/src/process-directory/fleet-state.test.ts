import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type Timestamp } from '@rollcall/core';
import type { LeaseEntry } from '@rollcall/core/directory';
import type { ConnectedEvent } from '@rollcall/core/events';
import { owedOf } from '@rollcall/core/internal';
import { expect, test } from 'vitest';
import { FleetState } from './fleet-state.ts';

const device = deviceRef('acme', 'thermostat-7');
const epoch = '0'.repeat(16) as Epoch;

function leaseOf(connection: string, intervalMs: number): LeaseEntry {
  const basis = { kind: 'lease', intervalMs, from: 'default' } as const;
  const adapter = { type: 'hono-http', id: 'http-0', instance: 'a' };
  const event = { device, connectionId: connection as ConnectionId, epoch, basis, adapter } as ConnectedEvent;
  return { event, slot: '', state: { basis, silentMs: 0, leftMs: intervalMs } };
}

test('a lease that was displaced ends with the interval that was noted last', () => {
  const clock = new ManualClock();
  const state = new FleetState(clock, () => {});
  const [first, second] = [leaseOf('c1', 60_000), leaseOf('c2', 60_000)];
  const key = state.add('a', 'hono-http', first) ?? '';
  state.hold(key, 'a', first, epoch);
  const noted = { ...leaseOf('c1', 300_000).state, silentMs: 10 };
  const lease = state.holderOf(key)?.lease;
  if (!lease) throw new Error('no lease');
  lease.state = noted;
  state.add('b', 'hono-http', second);
  state.hold(key, 'b', second, epoch);
  const now = clock.now();
  const death = {
    identity: { type: 'hono-http', id: 'http-0', instance: 'a' },
    aliveAt: now,
    declaredAt: (now + 1) as Timestamp,
    unconfirmedSince: undefined,
  };
  const open = state.entries.get('a')?.get(first.event.connectionId);
  const owed = open && owedOf(open, state.holderOf(key), death, clock);
  expect(owed).toMatchObject({ reason: 'taken-over', lease: { state: noted } });
  expect(open?.decided).toBe(owed);
});
