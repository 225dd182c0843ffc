import { createHash } from 'node:crypto';
import { deviceKey, deviceRef } from '@rollcall/core';
import type { DecodedEvent, ReceivedMessage } from '@rollcall/core/wire';

/** Which messages keep their order, and which one comes again: see `Work`. */
export interface Identity {
  readonly lane: string;
  readonly id: string;
}

/** What a device sends has one lane; what nobody is named for has one of its own. */
export function identityOf(event: DecodedEvent, message: ReceivedMessage): Identity {
  if (event.type === 'connected' || event.type === 'disconnected')
    // An announcement has the id of what it repeats.
    return { lane: deviceKey(event.device), id: event.announcement ? `${event.id} again` : event.id };
  const id = message.messageId ?? digestOf(message);
  const { tenant_id: tenant, device_id: device } = message.annotations;
  const isNamed = typeof tenant === 'string' && typeof device === 'string' && tenant !== '' && device !== '';
  return { lane: isNamed ? deviceKey(deviceRef(tenant, device)) : `\n${id}`, id };
}

/** Of messages that have no id: they are recognised by what they say. */
function digestOf({ body = new Uint8Array(), annotations }: ReceivedMessage): string {
  return createHash('sha256')
    .update(body)
    .update(Object.values(annotations).map(String).join('\n'))
    .digest('base64');
}
