import { inspect } from 'node:util';
import { ManualClock } from '@rollcall/conformance';
import { scriptedKey, ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import type { Timestamp } from '@rollcall/core';
import { beforeEach, expect, test } from 'vitest';
import type { PskLookup } from '../login.ts';
import type { AuthenticationContext } from './authentication-context.ts';
import { findPsk } from './find-psk.ts';

let clock = new ManualClock();
let registry = new ScriptedRegistry();
let context: AuthenticationContext;

beforeEach(() => {
  clock = new ManualClock();
  registry = new ScriptedRegistry();
  context = {
    registry,
    passwords: scriptedPasswords(clock),
    clock,
    adapterType: 'hono-test',
  };
});

const find = (identity = 'thermostat-7@acme'): Promise<PskLookup> =>
  findPsk({ identity, remoteIp: '192.0.2.1' }, context);

async function outcome(identity?: string): Promise<string> {
  const lookup = await find(identity);
  return lookup.status === 'found' ? 'found' : lookup.refusal.reason;
}

test('a device gets the key that it shares, and who it is once it has proved that', async () => {
  const lookup = await find();
  if (lookup.status !== 'found') throw new Error(lookup.refusal.reason);
  expect(lookup.candidates).toMatchObject([
    { identity: { device: { tenant: 'acme', device: 'thermostat-7' }, authId: 'thermostat-7' } },
  ]);
  expect(lookup.candidates[0]?.key.export()).toEqual(Buffer.from(scriptedKey));
  expect(inspect(lookup, { depth: 9 }) + JSON.stringify(lookup)).not.toMatch(/shared-secret|115, 104/);
});

test('a device may call its tenant by the alias, and is one of the id', async () => {
  registry.setTenant('acme', { alias: 'roadrunner' });
  const lookup = await find('thermostat-7@roadrunner');
  expect(lookup).toMatchObject({ candidates: [{ identity: { device: { tenant: 'acme' } } }] });
  expect(await outcome('thermostat-7@coyote')).toBe('bad-credentials');
});

test('while keys are changed, each that is valid now counts, for as long as it is', async () => {
  const at = (ms: number): Timestamp => (clock.now() + ms) as Timestamp;
  registry.secrets = {
    ...registry.secrets,
    psk: [
      { key: Uint8Array.of(1), notAfter: at(0) },
      { key: Uint8Array.of(2), notAfter: at(1_000) },
      { key: Uint8Array.of(3) },
      { key: Uint8Array.of(4), notBefore: at(1_000) },
    ],
  };
  const lookup = await find();
  if (lookup.status !== 'found') throw new Error(lookup.refusal.reason);
  expect(lookup.candidates.map(({ key, identity }) => [key.export()[0], identity.expiresAt])).toEqual([
    [2, at(1_000)],
    [3, undefined],
  ]);
});

test.each(['nobody@acme', 'thermostat-7@nowhere', 'thermostat-7', '@acme', '', `${'x'.repeat(600)}@acme`])(
  '%j is nobody',
  async (identity) => expect(await outcome(identity)).toBe('bad-credentials'),
);

test('a disabled device, or one of a disabled tenant, may prove who it is; while the registry is away nobody can', async () => {
  registry.disable('acme', 'thermostat-7');
  expect(await outcome()).toBe('found');
  registry.disable('acme');
  expect(await outcome()).toBe('found');
  registry.unavailable = true;
  expect(await outcome()).toBe('unavailable');
});

test('keys that are all out of date are none', async () => {
  registry.secrets = { ...registry.secrets, psk: [{ key: scriptedKey, notAfter: clock.now() }] };
  expect(await outcome()).toBe('bad-credentials');
});
