import type { JournalStatus, SinkStatus } from '@rollcall/outbox/tools';
import { printable } from '@rollcall/core/text';

/** The state of a journal for people. @param now milliseconds since the Unix epoch */
export function journalStatusText(name: string, status: JournalStatus, now: number): string {
  const { inUse, bytes, openSessions, openLeases, sinks } = status;
  const part = partInWords(status);
  const lines = [
    `${name}  ${inUse ? 'an adapter runs on it' : 'not in use'}, ${(bytes / 1_048_576).toFixed(1)} MB`,
    ...(part === undefined ? [] : [`  NOT WHOLE  ${part}`]),
    `  open       ${openSessions} sessions, ${openLeases} leases`,
    ...sinks.map((sink) => `  ${sink.sink.padEnd(9)}  ${sinkText(sink, now)}`),
    ...(sinks.length === 0 ? [part === undefined ? '  every event is confirmed' : '  no event waits'] : []),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** Why a journal may not be whole; `undefined`: it is whole. */
export function partInWords({
  partOfJournal,
  copiedAt,
}: Pick<JournalStatus, 'partOfJournal' | 'copiedAt'>): string | undefined {
  switch (partOfJournal) {
    case undefined:
      return undefined;
    case 'copy':
      return `a copy${copiedAt === undefined ? '' : ` of ${new Date(copiedAt).toISOString()}`}: what was observed since is not in it`;
    case 'without-log':
      return 'its write-ahead log (-wal) is missing, so that what was written last may not be in it; take `journal backup` for copies';
    case 'unwritten':
      return 'it could not be written when its adapter ended, or cannot be now: what was observed last is not in it';
    default:
      return partOfJournal satisfies never;
  }
}

function sinkText({ waiting, oldestAt, parked }: SinkStatus, now: number): string {
  const age = oldestAt === undefined ? '' : ` (the oldest for ${duration(now - oldestAt)})`;
  return `${waiting} waiting${age}, ${parked} parked`;
}

function duration(elapsedMs: number): string {
  const seconds = Math.max(0, Math.round(elapsedMs / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
