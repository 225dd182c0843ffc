import type { DeviceMessage } from '../device-data-sender.ts';
import { AmqpWriter } from './amqp-writer.ts';
import {
  writeAnnotations,
  writeApplicationProperties,
  writeData,
  writeDefaults,
  writeHeader,
  writeProperties,
} from './message-sections.ts';

const writer = new AmqpWriter();

/**
 * The message of telemetry or of an event of a device (`hono-interop.md` §1.3, §1.4).
 *
 * @param messageId unique within the sending process.
 * @returns a bare AMQP 1.0 message, all its sections.
 */
export function encodeDeviceMessage(message: DeviceMessage, messageId: string): Uint8Array {
  const { endpoint, device } = message;
  const address = `${endpoint}/${device.tenant}`;

  writeHeader(writer, endpoint === 'event', message.ttlMs);
  writeAnnotations(writer, () => {
    writer.symbol('tenant_id');
    writer.string(device.tenant);
    writer.symbol('device_id');
    writer.string(device.device);
    writer.symbol('resource');
    writer.string(`${address}/${device.device}`);
    writer.symbol('x-opt-trace-context');
    writeTraceContext(message);
    if (message.retain !== true) return 8;
    writer.symbol('x-opt-retain');
    writer.boolean(true);
    return 10;
  });
  writeProperties(writer, {
    messageId,
    to: address,
    contentType: message.contentType,
    contentEncoding: message.contentEncoding,
    creationTime: message.creationTime,
  });
  writeApplicationProperties(writer, () => {
    writer.string('device_id');
    writer.string(device.device);
    writer.string('qos');
    writer.int(message.qos);
    writer.string('orig_adapter');
    writer.string(message.origAdapter);
    writer.string('orig_address');
    writer.string(message.origAddress);
    let count = 8;
    if (message.ttdSeconds !== undefined) {
      writer.string('ttd');
      writer.int(message.ttdSeconds);
      count += 2;
    }
    return message.properties ? count + writeDefaults(writer, message.properties) : count;
  });
  if (message.payload) writeData(writer, message.payload);
  return writer.finish();
}

/** Hono's legacy form, which its consumers look at first: a map of strings. */
function writeTraceContext({ traceParent, traceState }: DeviceMessage): void {
  const close = writer.map();
  writer.string('traceparent');
  writer.string(traceParent);
  if (traceState !== undefined) {
    writer.string('tracestate');
    writer.string(traceState);
  }
  close(traceState === undefined ? 2 : 4);
}
