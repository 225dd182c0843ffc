import { ManualClock } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { arrived } from '@rollcall/conformance/machine';
import type { ConnectionEvent } from '@rollcall/core/events';
import { describe, expect, test } from 'vitest';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';
import type { AdapterBed } from './adapter-bed.ts';
import { loggedIn, open } from './arrival-bed.ts';
import { bytesOf } from './device-bytes.ts';

/** From barely past the end of the silence that is allowed. */
const stallsMs = [2_000, 60_000];

/**
 * An adapter that stood still reads what devices sent meanwhile before it believes that they were silent: a timer that is due rings
 * before any socket is read.
 */
export function describeStalls(bed: AdapterBed): void {
  const cases = stallsMs.flatMap((stallMs) => ['alone', 'in a fleet'].map((where) => ({ stallMs, where })));

  const { createAdapter } = bed.harness;
  const bytes = bytesOf(bed.harness.bytes);
  // Else it can say nothing but its login, which begins a session anew.
  const canSpeak = bytes !== undefined || createAdapter().presence === 'lease';

  describe.each(cases)('an adapter, $where, that stood still for $stallMs ms', ({ stallMs, where }) => {
    const stalling = (use: (adapter: AdapterInTest) => Promise<void>): Promise<void> => {
      const clock = new ManualClock();
      const fleet = where === 'alone' ? {} : { directory: new MemoryFleet(clock).create };
      return bed.withAdapter(use, { watchLoop: true, clock, ...fleet });
    };

    test.runIf(canSpeak)('keeps a device that spoke meanwhile', () =>
      stalling(async (adapter) => {
        const { clock, sink } = adapter;
        const device = await present(bed, adapter);
        clock.advance(silenceAllowed(bed, sink.events[0]) - 1_000);
        await device.speakDuring(() => clock.stall(stallMs));
        clock.advance(1_000);
        expect(sink.events).toHaveLength(1);
      }),
    );

    test.runIf(bytes !== undefined)('lets in a device whose login waited meanwhile', () =>
      stalling(async (adapter) => {
        const socket = await open(adapter.address);
        // The adapter has accepted it by then, and waits for its login.
        await expect.poll(() => adapter.clock.armed).toBeGreaterThan(0);
        await arrived(socket);
        if (bytes) socket.write(bytes.login);
        adapter.clock.stall(stallMs);
        await adapter.events(1);
      }),
    );

    test('tells of one that did not', () =>
      stalling(async (adapter) => {
        const { clock, sink } = adapter;
        await present(bed, adapter);
        const [connected] = sink.events;
        const silenceMs = silenceAllowed(bed, connected);
        clock.advance(silenceMs - 1_000);
        clock.stall(stallMs);
        await clock.advanceAsync(2 * silenceMs);
        const [, ended] = await adapter.events(2);
        expect(ended).toMatchObject({
          reason: connected?.basis.kind === 'lease' ? 'inactive' : 'keepalive-timeout',
        });
      }));
  });
}

interface PresentDevice {
  /** Says something that is not read before `stand` is over. */
  speakDuring(stand: () => void): Promise<void>;
}

async function present(bed: AdapterBed, adapter: AdapterInTest): Promise<PresentDevice> {
  const { silenceMs } = bed.harness;
  const bytes = bytesOf(bed.harness.bytes);
  if (bytes) {
    const socket = await loggedIn({ bytes, silenceMs, withAdapter: bed.withAdapter }, adapter);
    return {
      async speakDuring(stand) {
        socket.write(bytes.sign);
        stand();
        await arrived(socket);
      },
    };
  }
  const peer = await bed.connected(adapter);
  await peer.fallSilent();
  await adapter.events(1);
  return {
    async speakDuring(stand) {
      const spoken = bed.connected(adapter);
      stand();
      await spoken;
    },
  };
}

function silenceAllowed({ harness }: AdapterBed, connected: ConnectionEvent | undefined): number {
  return connected?.basis.kind === 'lease' ? connected.basis.intervalMs : harness.silenceMs;
}
