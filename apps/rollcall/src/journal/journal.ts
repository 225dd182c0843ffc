import { once } from 'node:events';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { settleJournal } from '@rollcall/adapter-process/internal';
import {
  backupJournal,
  discardEvents,
  inspectJournal,
  isJournalInUse,
  type JournalStatus,
  type UnconfirmedEvent,
} from '@rollcall/outbox/tools';
import { systemClock } from '@rollcall/core/environment';
import { printable } from '@rollcall/core/text';
import type { Destination } from '../network/reach.ts';
import { journalStatusText, partInWords } from './journal-status-text.ts';
import { settledInWords, settledStatus, settlingEnvironment } from './settling.ts';
import { inOneLine, jsonLine, teller } from '../terminal/terminal.ts';

interface JournalFiles extends Destination {
  readonly files: readonly string[];
  /** Where journals are looked for if no files are named. */
  readonly directory: string;
  readonly json: boolean;
}

export type JournalCommand = JournalFiles &
  (
    | { readonly action: 'status' | 'list' | 'retry-parked' }
    | { readonly action: 'backup'; readonly file: string; readonly target: string }
    | { readonly action: 'discard'; readonly file: string; readonly sink: string; readonly yes: boolean }
  );

/** `rollcall journal`: the events that adapters have still to send. Resolves with the exit status. */
export async function journal(command: JournalCommand): Promise<number> {
  if (command.action === 'backup') return backup(command.file, command.target);
  if (command.action === 'discard') return discard(command.file, command.sink, command.yes);
  const { action, files, directory, json, ...to } = command;
  const chosen = files.length > 0 ? files : globSync(join(directory, '*.journal')).toSorted();
  if (chosen.length === 0) throw new Error(`no journals in ${directory}`);
  let status = 0;
  for (const file of chosen) {
    if (action === 'retry-parked') status = Math.max(status, await retryParked(file, to));
    else if (!(await isShown(action, file, json))) status = 1;
  }
  return status;
}

/** Whether a journal could be shown. What is wrong with one says nothing of the others. */
async function isShown(action: 'status' | 'list', file: string, json: boolean): Promise<boolean> {
  try {
    await (action === 'status' ? showStatus(file, json) : list(file, json));
    return true;
  } catch (error) {
    const why = inOneLine(error);
    // What the database says names no file.
    teller(process.stderr)(why.startsWith(file) ? why : `${file}: ${why}`);
    return false;
  }
}

function showStatus(file: string, json: boolean): void {
  const view = inspectJournal(file);
  let status: JournalStatus;
  try {
    status = view.status();
  } finally {
    view.close();
  }
  process.stdout.write(
    json ? `${jsonLine({ file, ...status })}\n` : journalStatusText(basename(file), status, Date.now()),
  );
}

function backup(file: string, target: string): number {
  backupJournal(file, target, systemClock);
  const view = inspectJournal(target);
  const { bytes } = view.status();
  view.close();
  teller(process.stdout)(`${target}: a whole copy of ${file}, ${(bytes / 1_048_576).toFixed(1)} MB`);
  return 0;
}

function discard(file: string, sink: string, yes: boolean): number {
  if (isJournalInUse(file)) {
    teller(process.stderr)(`${file}: an adapter runs on it: stop it first`);
    return 1;
  }
  const view = inspectJournal(file);
  const { sinks } = view.status();
  view.close();
  const found = sinks.find((each) => each.sink === sink);
  if (!found) {
    const others = sinks.map((each) => each.sink).join(', ');
    teller(process.stderr)(`${file}: nothing waits for ${sink}${others === '' ? '' : `, but for ${others}`}`);
    return 1;
  }
  if (!yes) {
    teller(process.stderr)(
      `${file}: ${found.waiting} events wait for ${sink}, and ${found.parked} are parked. With --yes they are discarded, for ever`,
    );
    return 1;
  }
  const { events, connections, ends } = discardEvents(file, sink);
  teller(process.stdout)(
    `${file}: ${events} events for ${sink} discarded: ${connections} whole connections, which count as left out` +
      (ends === 0
        ? ''
        : `, and ${ends} ends of connections that stay open for consumers of ${sink} that got their beginnings`),
  );
  return 0;
}

/** Writes line by line, as fast as they are read: a journal may be larger than memory. */
async function list(file: string, json: boolean): Promise<void> {
  const view = inspectJournal(file);
  try {
    const part = partInWords(view.status());
    if (part !== undefined) teller(process.stderr)(`${file}: ${part}`);
    for (const unconfirmed of view.unconfirmed()) {
      const line = json ? jsonLine(unconfirmed) : unconfirmedLine(unconfirmed);
      if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    }
  } finally {
    view.close();
  }
}

export function unconfirmedLine({ sink, event, parkedFor }: UnconfirmedEvent): string {
  const what = event.type === 'connected' ? event.type : `${event.type} ${event.reason}`;
  const facts = [
    new Date(event.at).toISOString(),
    sink,
    parkedFor === undefined ? 'waiting' : 'parked',
    `${event.device.tenant}/${event.device.device}`,
    what,
    event.id,
    ...(parkedFor === undefined ? [] : [parkedFor]),
  ];
  return printable(facts.join('  '));
}

async function retryParked(file: string, to: Destination): Promise<number> {
  if (isJournalInUse(file)) {
    teller(process.stderr)(
      `${file}: an adapter runs on it, and tries parked events again when it starts: restart it, or stop it first`,
    );
    return 1;
  }
  const settled = await settleJournal(file, { bury: false }, settlingEnvironment(to));
  teller(process.stdout)(`${basename(file)}: ${settledInWords(settled)}`);
  return settledStatus(settled);
}
