import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach } from './support/acts.ts';
import { mqttWire } from './support/device-wire.ts';
import { eventuallyNone } from './support/eventually.ts';
import { fillJournal } from './support/fill-journal.ts';
import { createFleet } from './support/fleet.ts';
import { readLedger } from './support/read-ledger.ts';
import { scale } from './support/scale.ts';
import { setStage, type Stage, type StageOptions } from './support/stage.ts';

clearUpAfterEach();

const sinkModule = fileURLToPath(new URL('support/ledger-sink.mjs', import.meta.url));

interface Act {
  readonly stage: Stage;
  readonly ledger: string;
  /** Takes the sink away. */
  takeAway(): void;
  bringBack(): void;
}

/** An adapter with little memory, whose events go to a ledger. */
function givenAnAdapter(heapMegabytes: number, options: Pick<StageOptions, 'devices' | 'environment'>): Act {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-ledger-'));
  atTheEnd(() => rmSync(directory, { recursive: true, force: true }));
  const ledger = join(directory, 'ledger');
  const away = join(directory, 'away');
  writeFileSync(ledger, '');
  const stage = setStage({
    protocol: 'mqtt',
    devices: options.devices,
    readyWithinMs: scale({ quick: 120_000, soak: 900_000 }),
    environment: {
      // Without a bound of its own the young generation is larger than such a heap, and every collection is a full one.
      NODE_OPTIONS: `--max-old-space-size=${heapMegabytes} --max-semi-space-size=8`,
      ROLLCALL_CONNECTIONEVENTS_PRODUCER: sinkModule,
      ROLLCALL_JOURNAL_MAXBYTES: '10000000000',
      LEDGER: ledger,
      LEDGER_AWAY: away,
      ...options.environment,
    },
  });
  atTheEnd(() => stage.strike());
  return {
    stage,
    ledger,
    takeAway: () => writeFileSync(away, ''),
    bringBack: () => rmSync(away),
  };
}

/** An adapter that dies meanwhile is not waited for, and says of what. */
async function drained(stage: Stage, timeoutMs: number): Promise<void> {
  await Promise.race([
    stage.adapter.ended(),
    eventuallyNone(async () => {
      const events = await stage.metric('rollcall_outbox_events');
      return events === 0 ? [] : [`${events} events wait`];
    }, timeoutMs),
  ]);
}

const megabytes = scale({ quick: 64, soak: 128 });
const backlog = scale({ quick: 40_000, soak: 1_000_000 });

test.each([
  ['of few devices', { devices: 6_000, open: false }],
  ['each of a device of its own', { devices: backlog, open: false }],
  ['all of them of connections that were open, whose ends are told too', { devices: backlog, open: true }],
])(
  `an adapter with ${megabytes} MB of heap sends a journal of ${backlog} events, each once and in order (%s)`,
  async (_, { devices, open }) => {
    const { stage, ledger } = givenAnAdapter(megabytes, { devices: 1 });
    await stage.adapter.start();
    await stage.adapter.end('SIGTERM');
    fillJournal(stage.journal, { events: backlog, devices, sink: 'ledger', open });
    await stage.adapter.start();
    await drained(stage, scale({ quick: 240_000, soak: 600_000 }));
    expect(readLedger(ledger)).toEqual({ events: open ? 2 * backlog : backlog, repeated: 0, outOfOrder: 0 });
    expect(await stage.metric('rollcall_outbox_memory_bytes')).toBeLessThan(1_000_000);

    // The journal remembers that all of it was told.
    await stage.adapter.end('SIGTERM');
    await stage.adapter.start();
    expect(await stage.metric('rollcall_outbox_events')).toBe(0);
  },
);

test('an adapter with a small heap refuses no flapping device while the network is away, and sends every event afterwards, also after a crash', async () => {
  // Each tells two events: the outbox keeps 100,000 by default.
  const flaps = scale({ quick: 5_000, soak: 49_000 });
  const devices = scale({ quick: 500, soak: 3_000 });
  const { stage, ledger, takeAway, bringBack } = givenAnAdapter(scale({ quick: 60, soak: 64 }), {
    devices,
    // What it would take by itself is more than what waits in the quick run.
    environment: { ROLLCALL_OUTBOX_MAXMEMORY: '1000000' },
  });
  takeAway();
  await stage.adapter.start();
  const fleet = createFleet(stage.port, mqttWire);
  atTheEnd(() => fleet.end());
  let begun = 0;
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (begun < flaps) {
        const attempt = await fleet.connect(begun++ % devices);
        if (attempt) fleet.leave(attempt);
      }
    }),
  );
  const accepted = fleet.attempts.filter(({ outcome }) => outcome === 'accepted').length;
  expect(accepted).toBe(flaps);
  await expect.poll(() => stage.metric('rollcall_outbox_events')).toBe(2 * flaps);
  expect(await stage.metric('rollcall_events_coalesced_total')).toBe(0);
  // Its bound, and 65 bytes an event, in at most twice as many rows.
  expect(await stage.metric('rollcall_outbox_memory_bytes')).toBeLessThan(1_000_000 + 4 * flaps * 65);

  await stage.adapter.end('SIGKILL');
  await stage.adapter.start();
  expect(await stage.metric('rollcall_outbox_events')).toBe(2 * flaps);
  bringBack();
  await drained(stage, scale({ quick: 240_000, soak: 300_000 }));
  expect(readLedger(ledger)).toEqual({ events: 2 * flaps, repeated: 0, outOfOrder: 0 });
});
