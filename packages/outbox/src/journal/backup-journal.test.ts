import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOutboundEvent, ManualClock, recordingLog } from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { systemClock } from '@rollcall/core/environment';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { factsOfJournal } from './facts-of-journal.ts';
import { backupJournal } from './backup-journal.ts';
import { createFileJournal } from './file-journal.ts';
import { inspectJournal } from './inspect-journal.ts';
import type { Journal } from './journal.ts';
import { createThreadedStore } from './store/threaded-store.ts';

let root: string;
let file: string;
let target: string;
const running: Journal[] = [];
const clock = new ManualClock();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rollcall-backup-'));
  file = join(root, 'mqtt-0.journal');
  mkdirSync(join(root, 'backups'));
  target = join(root, 'backups/mqtt-0.journal');
});
afterEach(async () => {
  for (const journal of running.splice(0)) await journal.close();
  rmSync(root, { recursive: true });
});

/** The parts of an adapter that use its journal. */
async function adapterOn(path: string) {
  const log = recordingLog();
  const journal = createFileJournal({
    store: createThreadedStore({ file: path, durability: 'process', maxBytes: 100_000_000 }),
    clock: systemClock,
    log,
    behindAfterMs: 50,
  });
  running.push(journal);
  const recovered = await journal.recover();
  journal.usedBy(`instance of ${path}`);
  return {
    log,
    recovered,
    journal,
    connect: async (id: string) => {
      const device = deviceRef('acme', id);
      await journal.append(anOutboundEvent(id, { device, connectionId: id as ConnectionId }), ['events'])
        .committed;
    },
    async stop() {
      running.splice(running.indexOf(journal), 1);
      await journal.close();
    },
  };
}

function statusOf(path: string) {
  const view = inspectJournal(path);
  const status = view.status();
  view.close();
  return status;
}

describe('a backup', () => {
  test('of a live journal is whole, in one file, for its owner only, and the adapter goes on', async () => {
    const adapter = await adapterOn(file);
    for (let index = 0; index < 140; index++) await adapter.connect(String(index));
    backupJournal(file, target, clock);
    expect(readdirSync(join(root, 'backups'))).toEqual(['mqtt-0.journal']);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    await adapter.connect('later');
    expect(statusOf(target)).toMatchObject({
      inUse: false,
      partOfJournal: 'copy',
      copiedAt: clock.now(),
      openSessions: 140,
      sinks: [{ sink: 'events', waiting: 140 }],
    });
    expect(statusOf(file)).toMatchObject({ inUse: true, openSessions: 141 });
    expect(statusOf(file)).not.toHaveProperty('partOfJournal');
  });

  test('while its adapter writes all the time has whole connections, in order', async () => {
    const adapter = await adapterOn(file);
    const stop = new AbortController();
    let written = 0;
    const writing = (async () => {
      while (!stop.signal.aborted) {
        await adapter.connect(String(written));
        written += 1;
      }
    })();
    for (let round = 0; round < 5; round++) {
      const before = written;
      backupJournal(file, `${target}.${round}`, clock);
      const { openSessions, sinks } = statusOf(`${target}.${round}`);
      expect(openSessions).toBeGreaterThanOrEqual(before);
      expect(sinks[0]?.waiting ?? 0).toBe(openSessions);
      await adapter.connect(`round ${round}`);
    }
    stop.abort();
    await writing;
  });

  test('overwrites nothing, and leaves nothing behind if it fails', async () => {
    await (await adapterOn(file)).stop();
    writeFileSync(target, 'precious');
    expect(() => backupJournal(file, target, clock)).toThrow('is there already: it is not overwritten');
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(() => backupJournal(join(root, 'none'), join(root, 'copy'), clock)).toThrow('no such file');
    writeFileSync(join(root, 'other'), 'something else, and long enough for a header of SQLite'.repeat(10));
    expect(() => backupJournal(join(root, 'other'), join(root, 'copy'), clock)).toThrow('not a journal');
    expect(() => backupJournal(file, join(target, 'copy'), clock)).toThrow('cannot be written');
    // With a mistake in the path, the copy would be on another volume than the operator thinks.
    expect(() => backupJournal(file, join(root, 'bakcups/copy'), clock)).toThrow('there is no directory');
    expect(
      readdirSync(root, { recursive: true }).filter((name) => /copy|unfinished/.test(String(name))),
    ).toEqual([]);
  });

  test('is logged as a backup when an adapter starts on it, and consumers learn that more may have been open', async () => {
    const first = await adapterOn(file);
    await first.connect('a');
    backupJournal(file, target, clock);
    const second = await adapterOn(target);
    expect(second.log.lines).toMatchObject([
      { level: 'warn', facts: { cause: expect.stringContaining('it is a copy') as string } },
    ]);
    expect(factsOfJournal(second.recovered)).toEqual({ state: 'new' });
    // From then on it is a journal like any other.
    await second.connect('b');
    await second.stop();
    const third = await adapterOn(target);
    expect(third.log.lines).toEqual([]);
    expect(factsOfJournal(third.recovered)).toEqual({ state: 'kept', follows: `instance of ${target}` });
  });
});

describe('a copy that was made without the write-ahead log', () => {
  async function copied(): Promise<string> {
    const adapter = await adapterOn(file);
    await adapter.connect('a');
    const copy = join(root, 'cp.journal');
    copyFileSync(file, copy);
    return copy;
  }

  test('is reported at each inspection, and cannot be backed up', async () => {
    const copy = await copied();
    for (let round = 0; round < 3; round++)
      expect(statusOf(copy)).toMatchObject({ partOfJournal: 'without-log', openSessions: 0 });
    expect(() => backupJournal(copy, target, clock)).toThrow('its write-ahead log is missing');
    expect(existsSync(target)).toBe(false);
  });

  test('is logged when an adapter starts on it, and consumers learn that more may have been open', async () => {
    const adapter = await adapterOn(await copied());
    expect(adapter.log.lines).toMatchObject([
      { level: 'warn', facts: { cause: expect.stringContaining('write-ahead log') as string } },
    ]);
    expect(factsOfJournal(adapter.recovered)).toEqual({ state: 'new' });
  });

  test('with its log it is whole; so is one that was closed, and one whose adapter was killed at once', async () => {
    const copy = await copied();
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    expect(statusOf(copy)).toMatchObject({ openSessions: 1 });
    expect(statusOf(copy)).not.toHaveProperty('partOfJournal');
    for (const journal of running.splice(0)) await journal.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(statusOf(file)).not.toHaveProperty('partOfJournal');

    await adapterOn(file);
    for (const beside of ['', '-wal']) copyFileSync(file + beside, join(root, `killed.journal${beside}`));
    expect(statusOf(join(root, 'killed.journal'))).not.toHaveProperty('partOfJournal');
  });

  test('with its log, or of one that was closed, is a copy all the same for the adapter that starts on it', async () => {
    const copy = await copied();
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    const closed = join(root, 'closed.journal');
    for (const journal of running.splice(0)) await journal.close();
    copyFileSync(file, closed);
    for (const path of [copy, closed]) {
      const adapter = await adapterOn(path);
      expect(adapter.log.lines).toMatchObject([
        { level: 'warn', facts: { cause: expect.stringContaining('it is a copy') as string } },
      ]);
      expect(factsOfJournal(adapter.recovered)).toEqual({ state: 'new' });
    }
    // The journal itself is none, and neither is one that was only renamed.
    const renamed = join(root, 'renamed.journal');
    renameSync(file, renamed);
    const { recovered, log } = await adapterOn(renamed);
    expect(factsOfJournal(recovered)).toMatchObject({ state: 'kept' });
    expect(log.lines).toEqual([]);
  });
});
