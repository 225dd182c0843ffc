import type { JournalStatus, SinkStatus } from '@rollcall/adapter-kit/journal';
import { printable } from '@rollcall/core';

/** The state of a journal for people. @param now milliseconds since the Unix epoch */
export function journalStatusText(name: string, status: JournalStatus, now: number): string {
  const { inUse, bytes, openSessions, openLeases, sinks } = status;
  const lines = [
    `${name}  ${inUse ? 'an adapter runs on it' : 'not in use'}, ${(bytes / 1_048_576).toFixed(1)} MB`,
    `  open       ${openSessions} sessions, ${openLeases} leases`,
    ...sinks.map((sink) => `  ${sink.sink.padEnd(9)}  ${sinkText(sink, now)}`),
    ...(sinks.length === 0 ? ['  every event is confirmed'] : []),
  ];
  return `${lines.map(printable).join('\n')}\n`;
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
