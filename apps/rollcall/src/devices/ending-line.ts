import type { DeviceEnding } from '@rollcall/client/presence';
import { printable } from '@rollcall/core/text';
import { howKnown } from '../events/in-words.ts';
import { jsonLine } from '../terminal/terminal.ts';

/** Who left, when, why and how sure that is, and what it is now: a line, with its end. */
export function endingLine({ device, status, ending }: DeviceEnding, json: boolean): string {
  const { device: _device, ...facts } = ending;
  if (json) return `${jsonLine({ ...device, status, ...facts })}\n`;
  const name = printable(`${device.tenant}/${device.device}`);
  const at = new Date(ending.at).toISOString().slice(0, 19).replace('T', ' ');
  const why = `${printable(ending.reason)}, ${howKnown(ending)}`;
  return `${[at, name, printable(ending.protocol), why, `now ${status}`].join('  ')}\n`;
}
