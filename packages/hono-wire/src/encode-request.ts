import { AmqpWriter } from './amqp-writer.ts';
import { openApplicationProperties, section, writeData } from './message-sections.ts';

/** A question to one of Hono's services (`docs/hono-compatibility.md` §17). */
export interface ServiceRequest {
  readonly messageId: string;
  readonly to: string;
  /** The operation. */
  readonly subject: string;
  /** Address of the link that the answer comes over. */
  readonly replyTo: string;
  readonly properties: Readonly<Record<string, string>>;
  /** JSON. Absent: the message has no body. */
  readonly body?: Uint8Array;
}

const jsonContentType = 'application/json';
const writer = new AmqpWriter(16_384);

/** @returns a bare AMQP 1.0 message, all its sections. */
export function encodeRequest(request: ServiceRequest): Uint8Array {
  writer.begin();
  writer.section(section.properties);
  const list = writer.openList();
  writer.string(request.messageId);
  writer.null(); // user-id
  writer.string(request.to);
  writer.string(request.subject);
  writer.string(request.replyTo);
  writer.null(); // correlation-id
  if (request.body) writer.symbol(jsonContentType);
  writer.close(list, request.body ? 7 : 6);
  const names = Object.keys(request.properties);
  if (names.length > 0) {
    const map = openApplicationProperties(writer);
    for (const name of names) {
      writer.string(name);
      writer.string(request.properties[name] ?? '');
    }
    writer.close(map, names.length * 2);
  }
  if (request.body) writeData(writer, request.body);
  return writer.finishShared();
}
