import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { journalFile } from '@rollcall/outbox/tools';
import type { Earlier } from './seats.ts';

/** Beside the journals: how many processes may have left one. */
function noteFile(directory: string, adapterId: string): string {
  return join(directory, `${adapterId}.processes`);
}

/** What earlier runs of this adapter left. */
export function readEarlier(directory: string | undefined, adapterId: string): Earlier {
  if (directory === undefined) return { processes: 0, hasJournal: false };
  const file = noteFile(directory, adapterId);
  const count = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0;
  return {
    processes: Number.isSafeInteger(count) ? count : 0,
    hasJournal: existsSync(journalFile(directory, adapterId)),
  };
}

/** Before the first journal of a process is made. 0: none has a number. */
export function noteProcesses(directory: string | undefined, adapterId: string, processes: number): void {
  if (directory === undefined) return;
  const file = noteFile(directory, adapterId);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (processes > 0) writeFileSync(file, `${processes}\n`, { mode: 0o600 });
  else rmSync(file, { force: true });
}
