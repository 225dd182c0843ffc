import type { WriteStream } from 'node:tty';
import type { DevicePresence } from '@rollcall/client';
import { byName, deviceTable, type Screen } from './device-table.ts';
import { presenceLine } from './presence-line.ts';

const clearScreen = '\u001B[H\u001B[J';

/** A table in the place of what the terminal showed. */
export function drawDevices(
  stdout: Pick<WriteStream, 'columns' | 'rows' | 'write'>,
  heading: string,
  devices: readonly DevicePresence[],
): void {
  const screen = screenOf(stdout);
  stdout.write(`${clearScreen}${heading.slice(0, screen.columns)}\n\n${deviceTable(devices, screen)}\n`);
}

/** All of them by name: in a terminal as a table, elsewhere, and as JSON, a line for each. */
export function printDevices(
  stdout: Pick<WriteStream, 'columns' | 'rows' | 'write' | 'isTTY'>,
  devices: readonly DevicePresence[],
  json: boolean,
): void {
  if (stdout.isTTY && !json)
    stdout.write(`${deviceTable(devices, { ...screenOf(stdout), rows: Number.POSITIVE_INFINITY })}\n`);
  else for (const each of devices.toSorted(byName)) stdout.write(presenceLine(each, json));
}

/** What a table may take of a terminal. */
function screenOf({ columns, rows }: Pick<WriteStream, 'columns' | 'rows'>): Screen {
  return { columns, rows: rows - 2, colours: !process.env['NO_COLOR'] };
}
