import type { ConnectionEvent } from '@rollcall/core/events';
import type { TenantDownstream } from '@rollcall/core/sink';
import { AmqpWriter, encodedString, encodedSymbol } from './amqp-writer.ts';
import { connectionEventContentType } from './content-types.ts';
import { eventBody, rfc3339 } from './event-body.ts';
import {
  openAnnotations,
  openApplicationProperties,
  writeDefaults,
  writeHeader,
  writeProperties,
  writeTextData,
} from './message-sections.ts';
import { splitDefaults } from './split-defaults.ts';

export interface EncodeEventOptions {
  /** Marks the message as a repetition that tells late consumers who is connected. */
  readonly announcement?: boolean;
}

/**
 * Events share memory by the dozen, and their bodies are written straight into it: what lies outside the heap costs most when it
 * is made and given back.
 */
const writer = new AmqpWriter(16_384);

const key = {
  tenantAnnotation: encodedSymbol('tenant_id'),
  deviceAnnotation: encodedSymbol('device_id'),
  resourceAnnotation: encodedSymbol('resource'),
  device: encodedString('device_id'),
  qos: encodedString('qos'),
  adapter: encodedString('orig_adapter'),
  version: encodedString('cloudEvents_specversion'),
  id: encodedString('cloudEvents_id'),
  source: encodedString('cloudEvents_source'),
  type: encodedString('cloudEvents_type'),
  subject: encodedString('cloudEvents_subject'),
  time: encodedString('cloudEvents_time'),
  announcement: encodedString('rollcall_announcement'),
} as const;

/**
 * The message of a connection event: at once a Hono connection event and a CloudEvent in binary mode
 * (`docs/events-api.md`). Encoding the same event again gives the same bytes.
 *
 * @returns a bare AMQP 1.0 message, all its sections: for what is soon let go of, see `AmqpWriter.finishShared`.
 */
export function encodeEvent(
  event: ConnectionEvent,
  tenant: TenantDownstream,
  options: EncodeEventOptions = {},
): Uint8Array {
  const { device, adapter } = event;
  const address = `event/${device.tenant}`;
  const defaults = splitDefaults(tenant.defaults);

  writer.begin();
  writeHeader(writer, true, tenant.maxTtlSeconds === undefined ? undefined : tenant.maxTtlSeconds * 1_000);
  const annotations = openAnnotations(writer);
  writePair(key.tenantAnnotation, device.tenant);
  writePair(key.deviceAnnotation, device.device);
  writePair(key.resourceAnnotation, `${address}/${device.device}`);
  writer.close(annotations, 6);
  writeProperties(writer, {
    messageId: event.id,
    to: address,
    contentType: connectionEventContentType,
    contentEncoding: undefined,
    creationTime: event.at,
  });
  const properties = openApplicationProperties(writer);
  writePair(key.device, device.device);
  writer.raw(key.qos);
  writer.int(1);
  writePair(key.adapter, adapter.type);
  writePair(key.version, '1.0');
  writePair(key.id, event.id);
  writePair(key.source, `/${adapter.type}/${adapter.id}`);
  writePair(key.type, `rollcall.device.${event.type}`);
  writePair(key.subject, `${device.tenant}/${device.device}`);
  writePair(key.time, rfc3339(event.at));
  let count = 18 + writeDefaults(writer, defaults.properties);
  if (options.announcement === true) {
    writer.raw(key.announcement);
    writer.boolean(true);
    count += 2;
  }
  writer.close(properties, count);
  writeTextData(writer, JSON.stringify(eventBody(event)));
  return writer.finishShared();
}

function writePair(name: Uint8Array, value: string): void {
  writer.raw(name);
  writer.string(value);
}
