import { settled } from '@rollcall/conformance';
import type { DisconnectReason } from '@rollcall/core/events';
import type { CredentialsType } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import { accessChangesOf, setFirstSecret, type AdapterInTest } from '@rollcall/adapter-process/testing';

export interface AccessHarness {
  /** Of the credentials by which {@link connect} lets a device in. */
  readonly type: CredentialsType;
  withAdapter(use: (adapter: AdapterInTest) => Promise<void>): Promise<void>;
  /** Connects `thermostat-7@acme`. */
  connect(adapter: AdapterInTest): Promise<unknown>;
}

/** What becomes of a connected device, by session or by lease, when its access is changed in the registry. */
export function describeAccess({ type, withAdapter, connect }: AccessHarness): void {
  const ends = ({ sink }: AdapterInTest): DisconnectReason[] =>
    sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []));

  describe('access that changes while a device is connected', () => {
    test.each(accessChangesOf(type))('when $what', ({ happens, opened, lease }) =>
      withAdapter(async (adapter) => {
        setFirstSecret(adapter.registry, type);
        await connect(adapter);
        const [first] = await adapter.events(1);
        const expected = first?.basis.kind === 'lease' ? lease : opened;
        happens(adapter.registry, type, adapter.clock.now());
        await settled();
        expect(ends(adapter)).toEqual(expected === 'stays' ? [] : [expected]);
        await adapter.clock.advanceAsync(1);
        await settled();
        expect(ends(adapter), 'once').toHaveLength(expected === 'stays' ? 0 : 1);
      }),
    );

    test('a device that proves a new secret is present again, or still', () =>
      withAdapter(async (adapter) => {
        setFirstSecret(adapter.registry, type);
        await connect(adapter);
        const [first] = await adapter.events(1);
        setFirstSecret(adapter.registry, type, { id: '2' });
        await settled();
        await connect(adapter);
        await settled();
        adapter.registry.disable('acme', 'thermostat-7');
        await settled();
        const told = adapter.sink.events.map((event) => [
          event.type,
          event.connectionId === first?.connectionId,
        ]);
        expect(told).toEqual(
          first?.basis.kind === 'lease'
            ? [
                ['connected', true],
                ['disconnected', true],
              ]
            : [
                ['connected', true],
                ['disconnected', true],
                ['connected', false],
                ['disconnected', false],
              ],
        );
      }));
  });
}
