import type { PeerMessage } from '@rollcall/amqp-connection/testing';
import { createPresenceTable } from '@rollcall/client';
import { decodeEvent, type ReceivedEvent } from '@rollcall/hono-wire';
import type { EventRecord } from './record.ts';

/** The record of a network that decides message by message: only what it accepted counts. */
export interface ScriptedRecord extends EventRecord {
  /** Reads the event of a message. */
  read(message: PeerMessage): ReceivedEvent;
  accept(event: ReceivedEvent): void;
}

export function createScriptedRecord(): ScriptedRecord {
  const events: ReceivedEvent[] = [];
  const table = createPresenceTable();
  return {
    events,
    table,
    read({ message }) {
      const event = decodeEvent({
        contentType: message.content_type ?? '',
        body: message.body.content,
        annotations: message.message_annotations ?? {},
        applicationProperties: message.application_properties ?? {},
      });
      if (event.type !== 'connected' && event.type !== 'disconnected')
        throw new Error('not an event of ours');
      return event;
    },
    accept(event) {
      // An announcement says an event again, with more beside it.
      if (!event.announcement) events.push(event);
      table.apply(event);
    },
    close: async () => {},
  };
}
