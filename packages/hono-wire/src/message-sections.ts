import type { PropertyValue } from '@rollcall/core/internal';
import type { AmqpWriter } from './amqp-writer.ts';

/** Descriptors of the sections of a message (AMQP 1.0 §3.2). */
export const section = {
  header: 0x70,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
} as const;

const maxUint32 = 0xffff_ffff;

/** The header section; left out where it would say nothing (AMQP 1.0 §3.2.1). */
export function writeHeader(writer: AmqpWriter, durable: boolean, ttlMs: number | undefined): void {
  if (!durable && ttlMs === undefined) return;
  writer.section(section.header);
  const list = writer.openList();
  if (durable) writer.boolean(true);
  else writer.null();
  if (ttlMs === undefined) {
    writer.close(list, 1);
    return;
  }
  writer.null(); // priority
  writer.uint(Math.min(Math.max(Math.round(ttlMs), 0), maxUint32));
  writer.close(list, 3);
}

/** Opens the message annotations; keys and values follow, and `close`. */
export function openAnnotations(writer: AmqpWriter): number {
  writer.section(section.messageAnnotations);
  return writer.openMap();
}

export interface StandardProperties {
  readonly messageId: string;
  readonly to: string;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly creationTime: number;
}

/** The properties section (AMQP 1.0 §3.2.4). */
export function writeProperties(writer: AmqpWriter, properties: StandardProperties): void {
  writer.section(section.properties);
  const list = writer.openList();
  writer.string(properties.messageId);
  writer.null(); // user-id
  writer.string(properties.to);
  writer.null(); // subject
  writer.null(); // reply-to
  writer.null(); // correlation-id
  if (properties.contentType === undefined) writer.null();
  else writer.symbol(properties.contentType);
  if (properties.contentEncoding === undefined) writer.null();
  else writer.symbol(properties.contentEncoding);
  writer.null(); // absolute-expiry-time
  writer.timestamp(properties.creationTime);
  writer.close(list, 10);
}

/** Opens the application properties; keys and values follow, and `close`. */
export function openApplicationProperties(writer: AmqpWriter): number {
  writer.section(section.applicationProperties);
  return writer.openMap();
}

/** The body, as one Data section. */
export function writeData(writer: AmqpWriter, body: Uint8Array): void {
  writer.section(section.data);
  writer.binary(body);
}

/** Writes a body of text, in UTF-8, as one Data section. */
export function writeTextData(writer: AmqpWriter, body: string): void {
  writer.section(section.data);
  writer.utf8(body);
}

/** Writes default properties as application properties; returns how many keys and values that made. */
export function writeDefaults(
  writer: AmqpWriter,
  properties: Readonly<Record<string, PropertyValue>>,
): number {
  let count = 0;
  for (const name in properties) {
    const value = properties[name];
    if (value === undefined) continue;
    writer.string(name);
    writeScalar(writer, value);
    count += 2;
  }
  return count;
}

/** A JSON scalar as the AMQP type that loses nothing: whole numbers as int or long, others as double. */
function writeScalar(writer: AmqpWriter, value: PropertyValue): void {
  if (typeof value === 'string') writer.string(value);
  else if (typeof value === 'boolean') writer.boolean(value);
  else if (!Number.isSafeInteger(value)) writer.double(value);
  else if (value >= -(2 ** 31) && value < 2 ** 31) writer.int(value);
  else writer.long(value);
}
