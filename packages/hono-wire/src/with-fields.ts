import { AmqpWriter } from './amqp-writer.ts';
import { section } from './message-sections.ts';

/** What a network asks of a message beyond what is in it. */
export interface MessageFields {
  /** Replaces `properties.to`. */
  readonly to?: string;
  /** Replaces `properties.subject`. */
  readonly subject?: string;
  /** Annotations that are added; the message must not have them yet. */
  readonly annotations?: ReadonlyMap<string, string>;
}

const writer = new AmqpWriter();

/** Places in the list of properties (AMQP 1.0 §3.2.4). */
const place = { to: 2, subject: 3 } as const;

/**
 * The same message with more fields. The same message and fields give the same bytes, so a message that is sent again is
 * sent as it was.
 *
 * @param message as `encodeEvent` and `encodeDeviceMessage` make it, with annotations and properties.
 */
export function withFields(message: Uint8Array, fields: MessageFields): Uint8Array {
  writer.begin();
  let at = 0;
  while (at < message.length) {
    // A descriptor is three bytes: 0x00, the code of a small ulong, and the section.
    const descriptor = message[at + 2];
    const end = at + 3 + sizeAt(message, at + 3);
    if (descriptor === section.messageAnnotations && fields.annotations)
      writeAnnotations(message.subarray(at + 3, end), fields.annotations);
    else if (descriptor === section.properties && (fields.to !== undefined || fields.subject !== undefined))
      writeProperties(message.subarray(at + 3, end), fields);
    else writer.raw(message.subarray(at, end));
    at = end;
  }
  return writer.finish();
}

function writeAnnotations(map: Uint8Array, added: ReadonlyMap<string, string>): void {
  const { count, content } = compound(map);
  writer.section(section.messageAnnotations);
  const opened = writer.openMap();
  writer.raw(content);
  for (const [name, value] of added) {
    writer.symbol(name);
    writer.string(value);
  }
  writer.close(opened, count + 2 * added.size);
}

function writeProperties(list: Uint8Array, { to, subject }: MessageFields): void {
  const { count, content } = compound(list);
  writer.section(section.properties);
  const opened = writer.openList();
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + sizeAt(content, at);
    if (index === place.to && to !== undefined) writer.string(to);
    else if (index === place.subject && subject !== undefined) writer.string(subject);
    else writer.raw(content.subarray(at, end));
    at = end;
  }
  writer.close(opened, count);
}

/** What is in a list32 or a map32. */
function compound(value: Uint8Array): { readonly count: number; readonly content: Uint8Array } {
  return { count: uint32At(value, 5), content: value.subarray(9) };
}

/** Bytes of the value that begins at `at`, its constructor included: the upper half of that tells (AMQP 1.0 §1.2). */
function sizeAt(bytes: Uint8Array, at: number): number {
  const width = (bytes[at] ?? 0) >> 4;
  if (width < 0xa) return 1 + (width <= 0x4 ? 0 : 2 ** (width - 5));
  return width % 2 === 0 ? 2 + (bytes[at + 1] ?? 0) : 5 + uint32At(bytes, at + 1);
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}
