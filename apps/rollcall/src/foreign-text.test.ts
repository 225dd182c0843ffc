import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { DevicePresence, Ending, OpenConnection } from '@rollcall/client';
import { harmOf, nastyStrings } from '@rollcall/conformance/hostile';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { ReceivedConnected, ReceivedDisconnected } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { keepOutput } from './up/child-output.ts';
import { deviceTable } from './devices/device-table.ts';
import { eventJson, eventLine } from './events/event-line.ts';
import { jsonLine, teller } from './terminal/terminal.ts';
import { journalStatusText } from './journal/journal-status-text.ts';
import { unconfirmedLine } from './journal/journal.ts';
import { terminalLog } from './terminal/terminal-log.ts';

const at = 0 as Timestamp;
const basis = { kind: 'session', detectWithinMs: 90_000 } as const;

/** An event as some adapter may send it, all of whose texts are this one. */
function eventsOf(text: string): readonly [ReceivedConnected, ReceivedDisconnected] {
  const connected: ReceivedConnected = {
    type: 'connected',
    id: text as EventId,
    connectionId: text as ConnectionId,
    epoch: text as Epoch,
    device: deviceRef(text, text),
    adapter: { type: text, id: text, instance: text },
    remoteId: text,
    slot: text,
    at,
    basis,
    protocol: text,
    remoteAddress: text,
    announcement: false,
    data: { [text]: text },
  };
  const rest = { connectedAt: at, lastSeen: at, uncertaintyMs: 0, clean: false };
  const raw = { code: text, text };
  return [connected, { ...connected, type: 'disconnected', ...rest, reason: text, initiator: text, raw }];
}

function presencesOf(text: string): readonly DevicePresence[] {
  const device = deviceRef(text, text);
  const connections = [{ protocol: text, basis, at } as unknown as OpenConnection];
  const ending = { protocol: text, reason: text, uncertaintyMs: 0 } as unknown as Ending;
  return [
    { status: 'online', device, since: at, connections },
    { status: 'unknown', device, connections } as unknown as DevicePresence,
    { status: 'offline', device, since: at, ending },
  ];
}

/** The lines, without our own colours. */
function harmIn(lines: readonly string[]): string | undefined {
  // oxlint-disable-next-line no-control-regex -- they begin with one
  return lines.map((line) => harmOf(line.replaceAll(/\u001B\[\d+m/g, ''))).find((harm) => harm !== undefined);
}

describe.each(Object.entries(nastyStrings))('%s does no harm in a terminal', (_what, text) => {
  test('as a name in an event', () => {
    const [, disconnected] = eventsOf(text);
    for (const event of eventsOf(text)) {
      expect(harmIn([eventLine(event, false), eventJson(event)])).toBeUndefined();
      expect(JSON.parse(eventJson(event))).toMatchObject({ tenant: text, 'remote-id': text });
    }
    // Colours are ours: the text of others has none.
    const coloursOf = (event: ReceivedDisconnected): number => eventLine(event, true).split('\u001B').length;
    expect(coloursOf(disconnected)).toBe(coloursOf(eventsOf('x')[1]));
  });

  test('as a name in the table of devices', () => {
    const screen = { columns: 200, rows: 20, colours: false };
    const lines = deviceTable(presencesOf(text), screen).split('\n');
    expect(lines).toHaveLength(4);
    expect(harmIn(lines)).toBeUndefined();
    expect(harmIn(presencesOf(text).map(jsonLine))).toBeUndefined();
  });

  test('as a name in a journal', () => {
    const status = { inUse: true, bytes: 1, openSessions: 0, openLeases: 0 };
    const sinks = [{ sink: text, waiting: 1, oldestAt: at, parked: 0 }];
    expect(journalStatusText(text, { ...status, sinks }, 0).split('\n')).toHaveLength(4);
    expect(harmIn(journalStatusText(text, { ...status, sinks }, 0).split('\n'))).toBeUndefined();
    for (const event of eventsOf(text)) {
      const unconfirmed = { sink: text, event: event as never, parkedFor: text };
      expect(harmIn([unconfirmedLine(unconfirmed), jsonLine(unconfirmed)])).toBeUndefined();
    }
  });

  test('as an error of a messaging network', () => {
    const written: string[] = [];
    const log = terminalLog(teller({ write: (line) => written.push(line) }));
    log.warn({ cause: text }, text);
    log.error({ err: new Error(text) }, text);
    expect(written).toHaveLength(2);
    expect(harmIn(written.map((line) => line.slice(0, -1)))).toBeUndefined();
  });

  test('as output of a child process, nor in its log file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-text-'));
    const file = join(directory, 'child.log');
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const shown: string[] = [];
    keepOutput('child', stdout, stderr, file, teller({ write: (line) => shown.push(line) }));
    // As our own processes write it, and as anything else may.
    stdout.write(`${jsonLine({ level: 40, msg: text, cause: text })}\n`);
    stderr.write(`${text}\nthe end\n`);
    await expect.poll(() => shown.join('')).toContain('the end');
    stdout.end();
    stderr.end();
    await expect.poll(() => readFile(file, 'utf8')).toContain('the end');
    expect(harmIn(shown.map((line) => line.slice(0, -1)))).toBeUndefined();
    expect(harmIn((await readFile(file, 'utf8')).split('\n'))).toBeUndefined();
    await rm(directory, { recursive: true, force: true });
  });
});
