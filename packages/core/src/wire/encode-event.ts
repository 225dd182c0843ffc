import type { ConnectionEvent } from '../connection-event.ts';
import type { DefaultProperties } from '../device-registry.ts';
import { AmqpWriter } from './amqp-writer.ts';
import { connectionEventContentType } from './content-types.ts';
import { eventBody, rfc3339 } from './event-body.ts';
import {
  writeAnnotations,
  writeApplicationProperties,
  writeData,
  writeDefaults,
  writeHeader,
  writeProperties,
} from './message-sections.ts';
import { splitDefaults } from './split-defaults.ts';

/** What a tenant's settings add to each of its connection events. */
export interface TenantDownstream {
  readonly defaults: DefaultProperties;
  readonly maxTtlSeconds?: number;
}

export interface EncodeEventOptions {
  /** Marks the message as a repetition that tells late consumers who is connected. */
  readonly announcement?: boolean;
}

const writer = new AmqpWriter();
const json = new TextEncoder();

/**
 * The message of a connection event: at once a Hono connection event and a CloudEvent in binary mode
 * (`docs/events-api.md`). Encoding the same event again gives the same bytes.
 *
 * @returns a bare AMQP 1.0 message, all its sections.
 */
export function encodeEvent(
  event: ConnectionEvent,
  tenant: TenantDownstream,
  options: EncodeEventOptions = {},
): Uint8Array {
  const { device, adapter } = event;
  const address = `event/${device.tenant}`;
  const defaults = splitDefaults(tenant.defaults);

  writeHeader(writer, true, tenant.maxTtlSeconds === undefined ? undefined : tenant.maxTtlSeconds * 1_000);
  writeAnnotations(writer, () => {
    writeSymbolPair('tenant_id', device.tenant);
    writeSymbolPair('device_id', device.device);
    writeSymbolPair('resource', `${address}/${device.device}`);
    return 6;
  });
  writeProperties(writer, {
    messageId: event.id,
    to: address,
    contentType: connectionEventContentType,
    contentEncoding: undefined,
    creationTime: event.at,
  });
  writeApplicationProperties(writer, () => {
    writeStringPair('device_id', device.device);
    writer.string('qos');
    writer.int(1);
    writeStringPair('orig_adapter', adapter.type);
    writeStringPair('cloudEvents_specversion', '1.0');
    writeStringPair('cloudEvents_id', event.id);
    writeStringPair('cloudEvents_source', `/${adapter.type}/${adapter.id}`);
    writeStringPair('cloudEvents_type', `rollcall.device.${event.type}`);
    writeStringPair('cloudEvents_subject', `${device.tenant}/${device.device}`);
    writeStringPair('cloudEvents_time', rfc3339(event.at));
    let count = 18 + writeDefaults(writer, defaults.properties);
    if (options.announcement === true) {
      writer.string('rollcall_announcement');
      writer.boolean(true);
      count += 2;
    }
    return count;
  });
  writeData(writer, json.encode(JSON.stringify(eventBody(event))));
  return writer.finish();
}

function writeStringPair(name: string, value: string): void {
  writer.string(name);
  writer.string(value);
}

function writeSymbolPair(name: string, value: string): void {
  writer.symbol(name);
  writer.string(value);
}
