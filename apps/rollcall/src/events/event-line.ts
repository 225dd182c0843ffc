import { styleText } from 'node:util';
import { printable } from '@rollcall/core/text';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { fitTable, type Column } from '../terminal/fit-table.ts';
import { basisInWords, howKnown, saidInWords, shortWords } from './in-words.ts';
import { jsonLine } from '../terminal/terminal.ts';

/** One connection event as a line for people: time, device, what, why, protocol, how it is known. */
export function eventLine(event: ReceivedEvent, colours: boolean, columns = Infinity): string {
  const whole = wholeLine(event, false);
  if (whole.length <= columns) return colours ? wholeLine(event, true) : whole;
  return narrowLine(event, colours, columns);
}

/** The columns that are shortened before the device is: the reason, and how it is known. */
const narrowColumns: readonly Column[] = [
  { heading: '', least: 8, short: (text) => text },
  { heading: '', least: 12, short: (text) => text },
  { heading: '', least: 12, short: (text) => text },
  { heading: '', least: 40, short: shortWords },
];

function narrowLine(event: ReceivedEvent, colours: boolean, columns: number): string {
  const known = event.type === 'connected' ? basisInWords(event.basis) : howKnown(event);
  const words = event.type === 'connected' ? [event.protocol, known] : [event.reason, known];
  const cells = [
    new Date(event.at).toISOString().slice(11, 19),
    printable(`${event.device.tenant}/${event.device.device}`),
    event.type.padEnd('disconnected'.length),
    printable(shortWords(words.join(', '))),
  ];
  const line = fitTable(narrowColumns, [cells], columns).at(-1) ?? '';
  const style = event.type === 'connected' ? 'green' : event.clean ? 'yellow' : 'red';
  return colours
    ? line.replace(/ (?:dis)?connected\b/, (text) => styleText(style, text, { validateStream: false }))
    : line;
}

function wholeLine(event: ReceivedEvent, colours: boolean): string {
  const paint = (style: 'green' | 'yellow' | 'red' | 'dim', text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const time = new Date(event.at).toISOString().slice(11, 23);
  const device = printable(`${event.device.tenant}/${event.device.device}`);
  const what =
    event.type === 'connected'
      ? paint('green', 'connected    ')
      : paint(event.clean ? 'yellow' : 'red', 'disconnected ');
  const why = event.type === 'connected' ? '' : ` ${printable(event.reason)}`;
  const known = event.type === 'connected' ? basisInWords(event.basis) : howKnown(event);
  return `${paint('dim', time)}  ${device}  ${what}${why.padEnd(18)}  ${printable(event.protocol)}  ${paint('dim', known)}`;
}

/** The same event as one line of JSON: the body of the message, with tenant and device. */
export function eventJson(event: ReceivedEvent): string {
  return jsonLine({
    tenant: event.device.tenant,
    device: event.device.device,
    cause: event.type,
    'remote-id': event.remoteId,
    source: event.adapter.type,
    ...(event.announcement && { announcement: true }),
    data: event.data,
  });
}

/** An event of another Hono adapter as a line for people. Such an event has no time and no connection id. */
export function saidLine(event: HonoConnectionEvent, colours: boolean, columns = Infinity): string {
  const device = printable(`${event.device.tenant}/${event.device.device}`);
  const whole = wholeSaidLine(event, false);
  if (whole.length <= columns) return colours ? wholeSaidLine(event, true) : whole;
  const cells = ['', device, '', shortWords(saidInWords(event))];
  return fitTable(narrowColumns, [cells], columns).at(-1) ?? '';
}

function wholeSaidLine(event: HonoConnectionEvent, colours: boolean): string {
  const words = saidInWords(event);
  const device = printable(`${event.device.tenant}/${event.device.device}`);
  return `${' '.repeat('00:00:00.000'.length)}  ${device}  ${colours ? styleText('dim', words, { validateStream: false }) : words}`;
}

/** The same as one line of JSON. */
export function saidJson({ device, cause, remoteId, source }: HonoConnectionEvent): string {
  return jsonLine({ ...device, cause, 'remote-id': remoteId, source });
}
