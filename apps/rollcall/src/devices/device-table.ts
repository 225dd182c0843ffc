import { styleText } from 'node:util';
import type { DevicePresence } from '@rollcall/client';
import { printable } from '@rollcall/core/text';
import { fitTable, type Column } from '../terminal/fit-table.ts';
import { basisInWords, howKnown, saidInWords, shortWords } from '../events/in-words.ts';

/** One device as the cells of a table: who, status, since when, over what, and why or how it is known. */
export function deviceCells(presence: DevicePresence): readonly [string, string, string, string, string] {
  const device = printable(`${presence.device.tenant}/${presence.device.device}`);
  switch (presence.status) {
    case 'online': {
      const [first, ...others] = presence.connections;
      const more = others.length > 0 ? ` (+${others.length})` : '';
      const over = `${printable(first?.protocol ?? '')}${more}`;
      return [device, 'online', time(presence.since), over, first ? basisInWords(first.basis) : ''];
    }
    case 'offline': {
      const { protocol, reason } = presence.ending;
      const why = `${printable(reason)}, ${howKnown(presence.ending)}`;
      return [device, 'offline', time(presence.since), printable(protocol), why];
    }
    case 'unknown': {
      const [first] = presence.connections;
      return [
        device,
        'unknown',
        first ? time(first.at) : '',
        printable(first?.protocol ?? ''),
        presence.said ? saidInWords(presence.said) : 'its adapter tells nothing of it any more',
      ];
    }
    default:
      return presence satisfies never;
  }
}

export function byName(one: DevicePresence, other: DevicePresence): number {
  const [first = '', second = ''] = [one, other].map((each) => deviceCells(each)[0]);
  return first < second ? -1 : 1;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
}

/** The column that says least about a device is shortened first. */
const deviceColumns: readonly Column[] = [
  { heading: 'DEVICE', least: 12, short: (text) => text },
  { heading: 'STATUS', least: 7, short: (text) => text },
  // Only the time of day, if there is no room for the date.
  { heading: 'SINCE', least: 8, short: (text) => text.slice(-'00:00:00'.length) },
  { heading: 'OVER', least: 8, short: (text) => text },
  { heading: 'WHY, OR HOW IT IS KNOWN', least: 35, short: shortWords },
];
/** Lines of the screen without a device: the headings, and the number of devices that do not fit. */
const otherLines = 3;

/** Devices by name, as a table that fits the screen. */
export function deviceTable(devices: readonly DevicePresence[], { columns, rows, colours }: Screen): string {
  const all = devices.toSorted(byName).map(deviceCells);
  const shown = all.slice(0, Math.max(1, rows - otherLines));
  const table = fitTable(deviceColumns, shown, columns);
  const lines = table.map((line, index) => paintedLine(line, index === 0, colours));
  if (shown.length < all.length) lines.push(`… and ${all.length - shown.length} more`.slice(0, columns));
  return lines.join('\n');
}

function paintedLine(text: string, isHeading: boolean, colours: boolean): string {
  if (!colours) return text;
  if (isHeading) return styleText('dim', text, { validateStream: false });
  return text.replace(
    / (online|offline|unknown)\b/,
    (_all, status: keyof typeof paint) => ` ${paint[status](status)}`,
  );
}

const painted =
  (style: 'green' | 'red' | 'yellow') =>
  (text: string): string =>
    styleText(style, text, { validateStream: false });
const paint = { online: painted('green'), offline: painted('red'), unknown: painted('yellow') } as const;

function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
