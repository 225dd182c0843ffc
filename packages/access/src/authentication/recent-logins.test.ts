import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type Timestamp } from '@rollcall/core';
import type { Tenant } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import type { AuthenticatedDevice } from '../authentication-result.ts';
import { createRecentLogins, type Accepted } from './recent-logins.ts';

const tenant: Tenant = { id: deviceRef('acme', '').tenant, enabled: true, defaults: {}, limits: {} };

function accepted(device: string, facts: Partial<AuthenticatedDevice> = {}): Accepted {
  return {
    status: 'accepted',
    identity: { device: deviceRef('acme', device), authId: device, tenant, ...facts },
  };
}

function given() {
  const clock = new ManualClock();
  const outdated = new Set<AuthenticatedDevice>();
  return {
    clock,
    outdated,
    recent: createRecentLogins({
      clock,
      isCurrent: (identity) => !outdated.has(identity),
      maxInGeneration: 5_000,
    }),
  };
}

test('a login is known until what was looked up for it changes', () => {
  const { recent, outdated } = given();
  const login = accepted('thermostat-7');
  recent.add('a', login);
  expect([recent.find('a'), recent.find('b')]).toEqual([login, undefined]);
  outdated.add(login.identity);
  expect(recent.find('a')).toBeUndefined();
  outdated.clear();
  expect(recent.find('a'), 'it is to be looked up again').toBeUndefined();
});

test('a login is known until its secret expires', () => {
  const { recent, clock } = given();
  recent.add('a', accepted('thermostat-7', { expiresAt: (clock.now() + 1_000) as Timestamp }));
  clock.advance(999);
  expect(recent.find('a')).toBeDefined();
  clock.advance(1);
  expect(recent.find('a')).toBeUndefined();
});

test('of very many logins those are forgotten that were not asked for of late', () => {
  const { recent } = given();
  recent.add('busy', accepted('busy'));
  recent.add('silent', accepted('silent'));
  for (let each = 0; each < 15_000; each++) {
    recent.add(`other-${each}`, accepted(`other-${each}`));
    if (each % 1_000 === 0) expect(recent.find('busy')).toBeDefined();
  }
  expect(recent.find('silent')).toBeUndefined();
});
