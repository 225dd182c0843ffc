import { scriptedPassword } from '@rollcall/conformance/registry';
import type { ConnectionEvent } from '@rollcall/core/events';
import { expect } from 'vitest';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import type { AdapterHarness, DevicePeer, Login, Verb } from './adapter-harness.ts';

export const thermostat: Login = {
  username: 'thermostat-7@acme',
  password: scriptedPassword,
  remoteId: 'unit-1',
};

export const valve: Login = { username: 'valve-1@acme', password: scriptedPassword, remoteId: 'unit-2' };

/** What the tests of one adapter have in common. */
export interface AdapterBed {
  readonly harness: AdapterHarness;
  can(verb: Verb): boolean;
  /** Runs an adapter for as long as `use` takes. */
  withAdapter(
    use: (adapter: AdapterInTest) => Promise<void>,
    setting?: TestSetting,
    protocol?: ReturnType<AdapterHarness['createAdapter']>,
  ): Promise<void>;
  /** Connects a device, by default {@link thermostat}, which must not be refused. */
  connected(adapter: AdapterInTest, login?: Login): Promise<DevicePeer>;
}

export function createAdapterBed(harness: AdapterHarness): AdapterBed {
  return {
    harness,
    can: (verb) => !harness.cannot?.includes(verb),
    async withAdapter(use, setting, protocol = harness.createAdapter()) {
      const adapter = await startForTest(protocol, setting);
      try {
        await use(adapter);
      } finally {
        await adapter.running.stop({ graceMs: 0 });
      }
    },
    async connected(adapter, login = thermostat) {
      const peer = await harness.connect(adapter.address, login);
      if (!peer) throw new Error(`${login.username} was refused`);
      return peer;
    },
  };
}

export function expectPair(first: ConnectionEvent | undefined, second: ConnectionEvent | undefined): void {
  expect(first?.type).toBe('connected');
  expect(second?.type).toBe('disconnected');
  expect(second?.connectionId).toBe(first?.connectionId);
  expect(second?.epoch).toBe(first?.epoch);
  expect(second?.id).not.toBe(first?.id);
}
