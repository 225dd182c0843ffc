import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, type Clock } from '@rollcall/core/environment';
import type { Journal } from '@rollcall/outbox';
import { createFileJournal, openSqliteStore } from '@rollcall/outbox/testing';
import { onTestFinished } from 'vitest';

/** A journal that keeps events, too. Each run opens the file again; only the latest writes it. */
export function fileJournals(clock: Clock): () => Journal {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-killed-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  let latest: ReturnType<typeof openSqliteStore> | undefined;
  return () => {
    latest?.close();
    const file = join(directory, 'test.journal');
    const store = (latest = openSqliteStore({ file, durability: 'process', maxBytes: 10_000_000 }));
    return createFileJournal({
      clock,
      log: silentLog,
      behindAfterMs: 50,
      store: {
        open: async () => store.summary(),
        read: async (what, which) => store[what](which as never) as never,
        apply: async (batch) => (latest === store ? store.apply(batch) : undefined),
        close: async () => (latest === store ? store.close() : undefined),
      },
    });
  };
}
