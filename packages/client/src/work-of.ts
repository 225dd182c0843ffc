import { createHash } from 'node:crypto';
import { deviceKey, deviceRef } from '@rollcall/core';
import type { DecodedEvent, ReceivedMessage } from '@rollcall/hono-wire';

/** The lane of a message, and the id that a repetition shares with it: see `Work`. */
export interface Identity {
  readonly lane: string;
  readonly id: string;
}

/** All messages of a device share one lane; a message that names no device has its own. */
export function identityOf(event: DecodedEvent, message: ReceivedMessage): Identity {
  if (event.type === 'connected' || event.type === 'disconnected')
    // An announcement has the id of the event that it repeats.
    return { lane: deviceKey(event.device), id: event.announcement ? `${event.id} again` : event.id };
  const id = message.messageId ?? digestOf(message);
  const { tenant_id: tenant, device_id: device } = message.annotations;
  const isNamed = typeof tenant === 'string' && typeof device === 'string' && tenant !== '' && device !== '';
  return { lane: isNamed ? deviceKey(deviceRef(tenant, device)) : `\n${id}`, id };
}

/** A message without an id is recognised by its content. */
function digestOf({ body = new Uint8Array(), annotations }: ReceivedMessage): string {
  return createHash('sha256')
    .update(body)
    .update(Object.values(annotations).map(String).join('\n'))
    .digest('base64');
}
