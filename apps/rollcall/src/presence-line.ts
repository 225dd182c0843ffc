import type { DevicePresence } from '@rollcall/client';
import { deviceCells, type Screen } from './device-table.ts';
import { jsonLine } from './terminal.ts';

export const clearScreen = '\u001B[H\u001B[J';

/** A device as a line, with its end. */
export function presenceLine(presence: DevicePresence, json: boolean): string {
  return `${json ? presenceJson(presence) : deviceCells(presence).join('  ')}\n`;
}

function presenceJson({ device, ...rest }: DevicePresence): string {
  return jsonLine({ ...device, ...rest });
}

/** What a table may take of a terminal. */
export function screenOf({ columns, rows }: { readonly columns: number; readonly rows: number }): Screen {
  return { columns, rows: rows - 2, colours: !process.env['NO_COLOR'] };
}
