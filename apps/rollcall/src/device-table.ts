import { styleText } from 'node:util';
import type { DevicePresence } from '@rollcall/client';
import { printable } from '@rollcall/core';
import { basisInWords, howKnown, saidInWords } from './in-words.ts';

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

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
}

const headings = ['DEVICE', 'STATUS', 'SINCE', 'OVER', 'WHY, OR HOW IT IS KNOWN'] as const;
/** Lines of the screen that are no devices: headings, and how many more there are. */
const otherLines = 3;

/** Devices by name, as a table that fits the screen. */
export function deviceTable(devices: readonly DevicePresence[], { columns, rows, colours }: Screen): string {
  const all = devices.map(deviceCells).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const shown = all.slice(0, Math.max(1, rows - otherLines));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
      .slice(0, columns);
  const lines = [
    colours ? styleText('dim', line(headings), { validateStream: false }) : line(headings),
    ...shown.map((cells) => {
      const text = line(cells);
      return colours
        ? text.replace(
            / (online|offline|unknown)\b/,
            (_all, status: keyof typeof paint) => ` ${paint[status](status)}`,
          )
        : text;
    }),
  ];
  if (shown.length < all.length) lines.push(`… and ${all.length - shown.length} more`);
  return lines.join('\n');
}

const painted =
  (style: 'green' | 'red' | 'yellow') =>
  (text: string): string =>
    styleText(style, text, { validateStream: false });
const paint = { online: painted('green'), offline: painted('red'), unknown: painted('yellow') } as const;

function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
