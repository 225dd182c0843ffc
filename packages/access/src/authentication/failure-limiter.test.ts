import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createFailureLimiter } from './failure-limiter.ts';

function given(shared: readonly string[] = []) {
  const clock = new ManualClock();
  const limiter = createFailureLimiter({ clock, isShared: (address) => shared.includes(address) });
  const fail = (address: string, name: string, times: number): void => {
    for (let failures = 0; failures < times; failures++) limiter.failed({ address, name });
  };
  return { clock, limiter, fail };
}

test('failures under one name throttle that name at that address, and nothing else', () => {
  const { clock, limiter, fail } = given();
  fail('192.0.2.1', 'd1@acme', 10);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'd1@acme' })).toBe('refuse');
  expect(limiter.throttle({ address: '192.0.2.1', name: 'd2@acme' })).toBe('free');
  expect(limiter.throttle({ address: '192.0.2.2', name: 'd1@acme' })).toBe('free');
  clock.advance(10_000);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'd1@acme' })).toBe('free');
});

test('an address that fails under very many names is throttled for a while', () => {
  const { clock, limiter, fail } = given();
  for (let name = 0; name < 999; name++) fail('192.0.2.1', `d${name}@acme`, 1);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'other@acme' })).toBe('free');
  fail('192.0.2.1', 'last@acme', 1);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'other@acme' })).toBe('spare');
  expect(limiter.throttle({ address: '192.0.2.2', name: 'other@acme' })).toBe('free');
  clock.advance(1_000);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'other@acme' })).toBe('free');
});

test('an IPv6 network of 64 bits counts as one address, and one of 48 bits as a few', () => {
  const { limiter, fail } = given();
  for (let name = 0; name < 1_000; name++) fail(`2001:db8:1:2::${name.toString(16)}`, `d${name}@acme`, 1);
  expect(limiter.throttle({ address: '2001:db8:1:2:ffff::1', name: 'x@acme' })).toBe('spare');
  expect(limiter.throttle({ address: '2001:db8:1:3::1', name: 'x@acme' })).toBe('free');
  for (let net = 0; net < 4_000; net++) fail(`2001:db8:1:${(net + 16).toString(16)}::1`, 'x@acme', 1);
  expect(limiter.throttle({ address: '2001:db8:1:3::1', name: 'y@acme' })).toBe('spare');
  expect(limiter.throttle({ address: '2001:db8:2:3::1', name: 'x@acme' })).toBe('free');
});

test('at an address that many share no device is refused by name, and the address has no limit', () => {
  const { limiter, fail } = given(['192.0.2.1']);
  fail('192.0.2.1', 'd1@acme', 10);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'd1@acme' })).toBe('delay');
  for (let name = 0; name < 5_000; name++) fail('192.0.2.1', `x${name}@acme`, 1);
  expect(limiter.throttle({ address: '192.0.2.1', name: 'other@acme' })).toBe('free');
  expect(limiter.throttle({ address: '192.0.2.1', name: 'd1@acme' })).toBe('delay');
});

test('beyond what an address may do, invented names use up nothing; wrong secrets of names that exist do', () => {
  const { limiter, fail } = given();
  for (let name = 0; name < 1_000; name++) fail('192.0.2.1', `d${name}@acme`, 1);
  const other = { address: '192.0.2.1', name: 'other@acme' };
  for (let name = 0; name < 3_000; name++)
    limiter.begin({ address: '192.0.2.1', name: `nobody-${name}@acme` }).failed(false);
  expect(limiter.throttle(other)).toBe('spare');
  for (let name = 0; name < 200; name++)
    limiter.begin({ address: '192.0.2.1', name: `e${name}@acme` }).failed(true);
  expect(limiter.throttle(other)).toBe('refuse');
  expect(limiter.throttle({ address: '192.0.2.2', name: 'other@acme' }), 'an IPv4 neighbour').toBe('free');
});

test('tries that are under way count as failed until they are over', () => {
  const { limiter } = given();
  const trier = { address: '192.0.2.1', name: 'd1@acme' };
  const attempts = Array.from({ length: 10 }, () => limiter.begin(trier));
  expect(limiter.throttle(trier)).toBe('refuse');
  attempts[0]?.over();
  expect(limiter.throttle(trier)).toBe('free');
});
