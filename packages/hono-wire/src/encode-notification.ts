import { AmqpWriter } from './amqp-writer.ts';
import { section, writeData } from './message-sections.ts';

const writer = new AmqpWriter();
const json = new TextEncoder();

/**
 * The message of a change notification, as Hono's registry sends it (`docs/hono-compatibility.md` §18).
 *
 * @param body becomes JSON.
 * @returns a bare AMQP 1.0 message, all its sections.
 */
export function encodeNotification(address: string, body: object): Uint8Array {
  writer.begin();
  writer.section(section.properties);
  const list = writer.openList();
  writer.null(); // message-id
  writer.null(); // user-id
  writer.string(address);
  writer.null(); // subject
  writer.null(); // reply-to
  writer.null(); // correlation-id
  writer.symbol('application/json');
  writer.close(list, 7);
  writeData(writer, json.encode(JSON.stringify(body)));
  return writer.finish();
}
