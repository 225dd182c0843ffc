import type { DevicePresence } from '@rollcall/client';
import { deviceCells } from './device-table.ts';
import { jsonLine } from '../terminal/terminal.ts';

/** A device as a line, with its end. */
export function presenceLine(presence: DevicePresence, json: boolean): string {
  return `${json ? presenceJson(presence) : deviceCells(presence).join('  ')}\n`;
}

function presenceJson({ device, ...rest }: DevicePresence): string {
  return jsonLine({ ...device, ...rest });
}
