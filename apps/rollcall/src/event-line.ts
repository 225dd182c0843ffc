import { styleText } from 'node:util';
import type { Basis } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/core/wire';

/** One connection event as a line for people: time, device, what, why, protocol, how it is known. */
export function eventLine(event: ReceivedEvent, colours: boolean): string {
  const paint = (style: 'green' | 'yellow' | 'red' | 'dim', text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const time = new Date(event.at).toISOString().slice(11, 23);
  const device = `${event.device.tenant}/${event.device.device}`;
  const what =
    event.type === 'connected'
      ? paint('green', 'connected    ')
      : paint(event.clean ? 'yellow' : 'red', 'disconnected ');
  const why = event.type === 'connected' ? '' : ` ${event.reason}`;
  return `${paint('dim', time)}  ${device}  ${what}${why.padEnd(18)}  ${event.protocol}  ${paint('dim', howKnown(event))}`;
}

/** The same event as one line of JSON: the body of the message, with tenant and device. */
export function eventJson(event: ReceivedEvent): string {
  return JSON.stringify({
    tenant: event.device.tenant,
    device: event.device.device,
    cause: event.type,
    'remote-id': event.remoteId,
    source: event.adapter.type,
    ...(event.announcement && { announcement: true }),
    data: event.data,
  });
}

function howKnown(event: ReceivedEvent): string {
  if (event.type === 'connected') return basisInWords(event.basis);
  if (event.uncertaintyMs === 0) return 'known exactly';
  return `last seen ${seconds(event.uncertaintyMs)} before`;
}

function basisInWords(basis: Basis): string {
  if (basis.kind === 'lease') return `lease of ${seconds(basis.intervalMs)} (${basis.from})`;
  return basis.detectWithinMs === null
    ? 'session, silence may go unnoticed'
    : `session, silence noticed within ${seconds(basis.detectWithinMs)}`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(durationMs < 10_000 ? 1 : 0)} s`;
}
