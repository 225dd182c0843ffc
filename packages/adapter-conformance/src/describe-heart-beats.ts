import type { Socket } from 'node:net';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { arrived } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { open, part, type ArrivalHarness } from './arrival-bed.ts';
import type { HeartBeats } from './heart-beats.ts';

interface Listener {
  readonly socket: Socket;
  heard(): Uint8Array;
  /** How many heart-beats came so far. */
  beats(): number;
}

/** How a connection ends that gets heart-beats. */
type Ending = readonly [how: string, end: (device: Listener, adapter: AdapterInTest) => void];

/** Heart-beats say nothing of a device that hears them, and a connection that is gone gets none. */
export function describeHeartBeats(harness: ArrivalHarness, heartBeats: HeartBeats): void {
  const { bytes, silenceMs, withAdapter } = harness;
  const { intervalMs } = heartBeats;

  const listener = async ({ address }: AdapterInTest): Promise<Listener> => {
    const socket = await open(address);
    let all = Buffer.alloc(0);
    socket.on('data', (heard: Buffer) => (all = Buffer.concat([all, heard])));
    return { socket, heard: () => all, beats: () => heartBeats.countIn(all) };
  };
  const loggedIn = async (adapter: AdapterInTest): Promise<Listener> => {
    const device = await listener(adapter);
    device.socket.write(heartBeats.login ?? bytes.login);
    await expect.poll(() => bytes.heard(device.heard())).toBe(true);
    await adapter.events(1);
    await settled();
    return device;
  };

  const endings: readonly Ending[] = [
    ...(bytes.goodbye ? [['says goodbye', ({ socket }) => socket.write(bytes.goodbye ?? '')] as Ending] : []),
    ...(bytes.broken
      ? [['breaks the protocol', ({ socket }) => socket.write(bytes.broken ?? '')] as Ending]
      : []),
    ['closes its side', ({ socket }) => part(socket, 'closes its side')],
    ['is lost', ({ socket }) => part(socket, 'resets the connection')],
    ['loses its access', (_device, { registry }) => registry.disable('acme', 'thermostat-7')],
  ];

  describe('heart-beats of the adapter', () => {
    test('come at their interval, and to nobody who has not logged in', () =>
      withAdapter(async (adapter) => {
        const stranger = await listener(adapter);
        const device = await loggedIn(adapter);
        for (const beats of [0, 1]) {
          expect(device.beats()).toBe(beats);
          adapter.clock.advance(intervalMs - 1);
          await settled();
          expect(device.beats()).toBe(beats);
          adapter.clock.advance(1);
          await expect.poll(device.beats).toBe(beats + 1);
        }
        await settled();
        expect([device.beats(), stranger.beats()]).toEqual([2, 0]);
      }));

    test('keep no device connected that is silent, and are no sign of life of one', () =>
      withAdapter(async (adapter) => {
        const device = await loggedIn(adapter);
        await adapter.clock.advanceAsync(silenceMs - 1);
        await expect.poll(device.beats).toBeGreaterThan(0);
        expect(adapter.sink.events).toHaveLength(1);
        await adapter.clock.advanceAsync(1);
        const [connected, ended] = await adapter.events(2);
        expect(ended).toMatchObject({ reason: 'keepalive-timeout', lastSeen: connected?.at });
      }));

    test('leave a device connected that says something, whether it is an answer or not', () =>
      withAdapter(async (adapter) => {
        const { socket } = await loggedIn(adapter);
        await adapter.clock.advanceAsync(silenceMs - 1);
        socket.write(bytes.sign);
        await arrived(socket);
        await adapter.clock.advanceAsync(silenceMs - 1);
        expect(adapter.sink.events).toHaveLength(1);
      }));

    test.each(endings)('end with the connection of a device that %s, and leave no timer', (_how, end) =>
      withAdapter(async (adapter) => {
        const { clock } = adapter;
        const before = clock.armed;
        const device = await loggedIn(adapter);
        clock.advance(intervalMs);
        await expect.poll(device.beats).toBe(1);
        end(device, adapter);
        await adapter.events(2);
        // Time for its last words is over soon, and then only what was forgotten is still armed.
        for (let step = 0; step < 5; step += 1) await clock.advanceAsync(intervalMs);
        expect(device.beats()).toBe(1);
        await expect.poll(() => clock.armed).toBeLessThanOrEqual(before);
      }),
    );
  });
}
