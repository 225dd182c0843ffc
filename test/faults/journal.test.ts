import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clearUpAfterEach, everythingRuns } from './support/acts.ts';
import { eventuallyNone } from './support/eventually.ts';
import type { Fleet } from './support/fleet.ts';
import { distinct } from './support/record.ts';
import { scale } from './support/scale.ts';
import type { Stage } from './support/stage.ts';
import { differences } from './support/verdict.ts';

clearUpAfterEach();

const devices = scale({ quick: 1_000, soak: 2_000 });
const patience = { timeout: 300_000 };

test('an adapter whose journal is full serves devices, is DEGRADED, logs it, and recovers by itself', async () => {
  const { stage, record, fleet } = await everythingRuns({
    devices,
    // Room for some 600 open connections with names as long as these.
    remoteIdLength: 256,
    environment: { ROLLCALL_JOURNAL_MAXBYTES: '1000000' },
  });
  await fleet.connectAll(devices);
  expect(fleet.open()).toHaveLength(devices);
  await eventuallyNone(() => differences(record, fleet));
  await expect
    .poll(() => stage.readiness(), patience)
    .toMatchObject({
      status: 'DEGRADED',
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'journal', status: 'DEGRADED', code: 'JOURNAL_BEHIND' }),
      ]) as unknown,
    });
  await expect.poll(() => stage.metric('rollcall_journal_behind'), patience).toBe(1);
  expect(logged(stage, 'database or disk is full')).toBeGreaterThan(0);

  // The fault goes: most of the devices leave.
  for (const attempt of fleet.open().slice(50)) fleet.leave(attempt);
  await eventuallyNone(() => differences(record, fleet));
  await eventuallyNone(() => (logged(stage, 'has caught up') > 0 ? [] : ['the journal has not caught up']));
  await expect.poll(() => stage.readiness(), patience).toMatchObject({ status: 'UP' });

  // What it holds now is complete again.
  await everythingSoFarIsInTheJournal(fleet);
  await stage.adapter.end('SIGKILL');
  await stage.adapter.start();
  await eventuallyNone(() => differences(record, fleet));
});

/** Ways to lose a journal while an adapter runs on it. */
const faults: Readonly<Record<string, (journal: string) => void>> = {
  removed: (journal) => rmSync(journal),
  'removed with all that stands beside it': (journal) =>
    rmSync(dirname(journal), { recursive: true, force: true }),
  'removed, its write-ahead log alone': (journal) => rmSync(`${journal}-wal`),
  'replaced with another file': (journal) => {
    writeFileSync(`${journal}.other`, 'not a journal');
    renameSync(`${journal}.other`, journal);
  },
  'cut off': (journal) => truncateSync(journal),
  'overwritten with an older copy': (journal) => {
    copyFileSync(`${journal}.older`, journal);
    for (const beside of ['-wal', '-shm']) rmSync(journal + beside);
  },
};

/** What is wrong with the number of open connections. */
async function openBeside(stage: Stage, expected: number): Promise<readonly string[]> {
  const open = await stage.metric('hono_connections_authenticated');
  return open === expected ? [] : [`${open} connections are open, not ${expected}`];
}

/** One more device comes: its answer waits until the journal has it, and what was to be written before. */
async function everythingSoFarIsInTheJournal(fleet: Fleet): Promise<void> {
  const attempt = await fleet.connect(0);
  expect(attempt?.outcome).toBe('accepted');
}

/** The adapter has written what it had to write: it takes no write of somebody else for its own. */
async function journalIsAtRest({ journal }: Stage): Promise<void> {
  let before: bigint | undefined;
  const isSame = (): boolean => {
    const now = statSync(`${journal}-wal`, { bigint: true }).mtimeNs;
    const same = now === before;
    before = now;
    return same;
  };
  await expect.poll(isSame, { interval: 300 }).toBe(true);
}

/** The signal takes a moment to reach each thread: one may be in the middle of a write. */
function isStopped(pid = 0): boolean {
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads).every((thread) =>
    // proc(5): the state follows the name, which is in parentheses.
    /\) T [^)]*$/.test(readFileSync(`${threads}/${thread}/stat`, 'latin1')),
  );
}

async function whileItStands({ adapter }: Stage, act: () => void): Promise<void> {
  adapter.freeze();
  try {
    await expect.poll(() => isStopped(adapter.process.child.pid), patience).toBe(true);
    act();
  } finally {
    adapter.thaw();
  }
}

const waitsUntilWhole = 'removed with all that stands beside it';

/** One after which what was stored goes on, and one after which it is written again. The store's own tests have each way. */
const played: readonly string[] = scale({
  quick: [waitsUntilWhole, 'overwritten with an older copy'],
  soak: Object.keys(faults),
});

describe.each(Object.entries(faults).filter(([how]) => played.includes(how)))(
  'a journal that is %s while the adapter runs',
  (how, lose) => {
    test('is begun again: DEGRADED until it is whole, one line in the log, and after a kill every session and every waiting event is reported', async () => {
      const { stage, record, fleet } = await everythingRuns({ devices: 140 });
      await fleet.connectAll(40);
      await eventuallyNone(() => differences(record, fleet));
      copyFileSync(stage.journal, `${stage.journal}.older`);
      // What comes from now on waits in the journal, and was not confirmed.
      await stage.network.end('SIGKILL');
      for (let index = 40; index < 140; index++) await fleet.connect(index);
      for (const attempt of fleet.open().slice(0, 10)) fleet.leave(attempt);
      await eventuallyNone(() => openBeside(stage, 130));
      await journalIsAtRest(stage);
      const linesBefore = stage.adapter.process.stdout.length;

      // What is done to several files is one fault: the adapter looks at them before, or afterwards.
      await whileItStands(stage, () => lose(stage.journal));
      const noticed = (): readonly string[] =>
        logged(stage, 'a new journal was begun') === 1 ? [] : ['no new journal was begun'];
      await eventuallyNone(noticed);
      expect(await statusOfJournal(stage)).toBe('DEGRADED');
      expect(await stage.metric('rollcall_journal_begun_anew_total')).toBe(1);
      const aboutIt = stage.adapter.process.stdout
        .slice(linesBefore)
        .filter((line) => line.includes('journal'));
      expect(aboutIt).toHaveLength(1);
      for (const attempt of fleet.open().slice(0, 5)) fleet.leave(attempt);
      await eventuallyNone(() => openBeside(stage, 125));
      await everythingSoFarIsInTheJournal(fleet);
      // It is soon whole, also while nobody confirms anything. One of the ways waits for it: it is told for ten seconds at least.
      if (how === waitsUntilWhole) await expect.poll(() => statusOfJournal(stage), patience).toBe('UP');

      await stage.adapter.end('SIGKILL');
      await stage.network.start();
      await stage.adapter.start();
      await eventuallyNone(() => differences(record, fleet));
      const lost = distinct(record.events).filter(
        (event) => event.type === 'disconnected' && event.reason === 'adapter-lost',
      );
      expect(lost).toHaveLength(126);
      // To consumers it is the same journal.
      const instance = lost[0]?.adapter.instance;
      await fleet.connect(0);
      await eventuallyNone(() =>
        record.events.some(({ journal }) => journal?.state === 'kept' && journal.follows === instance)
          ? []
          : ['nobody says that the journal was kept'],
      );
    });
  },
);

test('after an older copy was written over a journal in use and the adapter was killed, every session is reported', async () => {
  const { stage, record, fleet } = await everythingRuns({ devices: 140 });
  await fleet.connectAll(40);
  await eventuallyNone(() => differences(record, fleet));
  const older = `${stage.journal}.older`;
  copyFileSync(stage.journal, older);
  for (let index = 40; index < 140; index++) await fleet.connect(index);
  for (const attempt of fleet.open().slice(0, 10)) fleet.leave(attempt);
  await eventuallyNone(() => differences(record, fleet));
  await journalIsAtRest(stage);
  copyFileSync(older, stage.journal);
  // It either fits together or does not: what was written before decides.
  await eventuallyNone(() =>
    logged(stage, 'another process has written to it') === 1 ? [] : ['it was not noticed'],
  );
  await everythingSoFarIsInTheJournal(fleet);
  await stage.adapter.end('SIGKILL');
  await stage.adapter.start();
  await eventuallyNone(() => differences(record, fleet));
  expect(fleet.open()).toEqual([]);
});

async function statusOfJournal(stage: Stage): Promise<string | undefined> {
  return (await stage.readiness()).checks.find(({ name }) => name === 'journal')?.status;
}

function logged(stage: Stage, text: string): number {
  return stage.adapter.process.stdout.filter((line) => line.includes(text)).length;
}
