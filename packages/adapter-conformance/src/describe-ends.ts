import { settled } from '@rollcall/conformance';
import { passwordForASecond } from '@rollcall/conformance/registry';
import { expect, test } from 'vitest';
import { expectPair, thermostat, type AdapterBed } from './adapter-bed.ts';

/** Connections that the adapter ends. */
export function describeEnds({ can, withAdapter, connected }: AdapterBed): void {
  test.runIf(can('expire'))('credentials that expire end the connection, by a timer', () =>
    withAdapter(async (adapter) => {
      await connected(adapter, { ...thermostat, password: passwordForASecond });
      await adapter.events(1);
      await adapter.clock.advanceAsync(1_000);
      const [first, second] = await adapter.events(2);
      expectPair(first, second);
      expect(second).toMatchObject({
        reason: 'credentials-expired',
        initiator: 'adapter',
        uncertaintyMs: 0,
      });
    }),
  );

  test('a device disabled in the registry is disconnected at once', () =>
    withAdapter(async (adapter) => {
      await connected(adapter);
      await adapter.events(1);
      adapter.registry.disable('acme', 'thermostat-7');
      const [first, second] = await adapter.events(2);
      expectPair(first, second);
      expect(second).toMatchObject({ reason: 'access-revoked', initiator: 'operator' });
    }));

  test('stop ends every open session, once', () =>
    withAdapter(async (adapter) => {
      const peer = await connected(adapter);
      await connected(adapter, { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' });
      await adapter.events(2);
      await adapter.running.stop({ graceMs: 0 });
      await peer.vanish();
      await settled();
      const ended = adapter.sink.events.filter((event) => event.type === 'disconnected');
      const sessions = adapter.sink.events.filter(
        ({ type, basis }) => type === 'connected' && basis.kind === 'session',
      );
      expect(ended.map(({ connectionId }) => connectionId).toSorted()).toEqual(
        sessions.map(({ connectionId }) => connectionId).toSorted(),
      );
      expect(new Set(ended.map(({ reason }) => reason))).toEqual(
        new Set(sessions.length > 0 ? ['adapter-shutdown'] : []),
      );
      expect(adapter.clock.armed, 'no deadline outlives the adapter').toBe(0);
    }));
}
