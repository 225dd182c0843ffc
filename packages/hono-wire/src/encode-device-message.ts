import type { DeviceMessage } from '@rollcall/core/device-data';
import { AmqpWriter, encodedString, encodedSymbol } from './amqp-writer.ts';
import {
  openAnnotations,
  openApplicationProperties,
  writeData,
  writeDefaults,
  writeHeader,
  writeProperties,
} from './message-sections.ts';

/** Device data is sent at once, and let go of with its outcome: it shares memory, unlike connection events, which may wait. */
const writer = new AmqpWriter(65_536);

const key = {
  tenantAnnotation: encodedSymbol('tenant_id'),
  deviceAnnotation: encodedSymbol('device_id'),
  resourceAnnotation: encodedSymbol('resource'),
  traceContext: encodedSymbol('x-opt-trace-context'),
  retain: encodedSymbol('x-opt-retain'),
  device: encodedString('device_id'),
  qos: encodedString('qos'),
  adapter: encodedString('orig_adapter'),
  address: encodedString('orig_address'),
  ttd: encodedString('ttd'),
  traceParent: encodedString('traceparent'),
  traceState: encodedString('tracestate'),
} as const;

/**
 * The message of telemetry or of an event of a device (`docs/hono-compatibility.md` §2).
 *
 * @param messageId that no other message has, of whatever sender: a network may drop what it has seen before.
 * @returns a bare AMQP 1.0 message, all its sections.
 */
export function encodeDeviceMessage(message: DeviceMessage, messageId: string): Uint8Array {
  const { endpoint, device } = message;
  const address = `${endpoint}/${device.tenant}`;

  writer.begin();
  writeHeader(writer, endpoint === 'event', message.ttlMs);
  const annotations = openAnnotations(writer);
  writePair(key.tenantAnnotation, device.tenant);
  writePair(key.deviceAnnotation, device.device);
  writePair(key.resourceAnnotation, `${address}/${device.device}`);
  writer.raw(key.traceContext);
  writeTraceContext(message);
  if (message.retain === true) {
    writer.raw(key.retain);
    writer.boolean(true);
  }
  writer.close(annotations, message.retain === true ? 10 : 8);
  writeProperties(writer, {
    messageId,
    to: address,
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    creationTime: message.creationTime,
  });
  const properties = openApplicationProperties(writer);
  writePair(key.device, device.device);
  writer.raw(key.qos);
  writer.int(message.qos);
  writePair(key.adapter, message.origAdapter);
  writePair(key.address, message.origAddress);
  let count = 8;
  if (message.ttdSeconds !== undefined) {
    writer.raw(key.ttd);
    writer.int(message.ttdSeconds);
    count += 2;
  }
  if (message.properties) count += writeDefaults(writer, message.properties);
  writer.close(properties, count);
  if (message.payload) writeData(writer, message.payload);
  return writer.finishShared();
}

/** Hono's legacy form, which its consumers look at first: a map of strings. */
function writeTraceContext({ traceParent, traceState }: DeviceMessage): void {
  const map = writer.openMap();
  writePair(key.traceParent, traceParent);
  if (traceState !== undefined) writePair(key.traceState, traceState);
  writer.close(map, traceState === undefined ? 2 : 4);
}

function writePair(name: Uint8Array, value: string): void {
  writer.raw(name);
  writer.string(value);
}
