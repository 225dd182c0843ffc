import { deviceRef, type Instant } from '@rollcall/core';
import { expect, test } from 'vitest';
import { createSessionsByDevice, type SessionFacts } from './sessions-by-device.ts';

const gateway = deviceRef('acme', 'gateway-1');
const now = 1_000_000 as Instant;

interface NamedSession extends SessionFacts {
  readonly name: string;
}

function session(name: string, silentMs: number, facts: Partial<SessionFacts> = {}): NamedSession {
  return {
    name,
    slot: name,
    keepAliveMs: 60_000,
    lastSeen: (now - silentMs) as Instant,
    ...facts,
  };
}

function given(...sessions: NamedSession[]) {
  const byDevice = createSessionsByDevice<NamedSession>((each) => each);
  for (const each of sessions) byDevice.add(gateway, each);
  return {
    byDevice,
    room(limit: number, slot?: string, device = gateway): string {
      const room = byDevice.room(device, slot, limit, now);
      return typeof room === 'string' ? room : room.name;
    },
  };
}

test('a device has room up to its limit, and any without one', () => {
  const { room } = given(session('a', 0), session('b', 0));
  expect([room(3), room(2), room(0)]).toEqual(['free', 'full', 'free']);
  expect(room(1, undefined, deviceRef('acme', 'other'))).toBe('free');
});

test('the session silent longest gives way, of those silent for longer than their keep-alive', () => {
  const { room } = given(session('a', 61_000), session('b', 70_000), session('c', 3_000));
  expect(room(3)).toBe('b');
});

test('a session that keeps its keep-alive, or has none, does not give way', () => {
  const { room } = given(
    session('a', 60_000),
    session('slow', 3_000_000, { keepAliveMs: 3_600_000 }),
    session('silent', 900_000, { keepAliveMs: undefined }),
  );
  expect(room(3)).toBe('full');
});

test('a session that replaces an older one of its slot needs no room', () => {
  const { room } = given(session('a', 0), session('b', 70_000));
  expect(room(2, 'a')).toBe('free');
});

test('a session that ended makes room', () => {
  const a = session('a', 0);
  const { byDevice, room } = given(a);
  byDevice.remove(gateway, a);
  byDevice.remove(gateway, a);
  expect(room(1)).toBe('free');
});
