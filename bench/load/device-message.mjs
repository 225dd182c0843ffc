// What is sent in the comparison of senders: an event of a device with a payload of 200 bytes, for us and for rhea.
import rhea from 'rhea';

export const address = 'event/bench';
const payload = Buffer.alloc(200, 'x');
const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** @returns {import('@rollcall/core/device-data').DeviceMessage} */
export function deviceMessage() {
  return {
    endpoint: 'event',
    device: /** @type {import('@rollcall/core').DeviceRef} */ ({ tenant: 'bench', device: 'device-1' }),
    qos: 1,
    contentType: 'application/octet-stream',
    payload,
    creationTime: /** @type {import('@rollcall/core').Timestamp} */ (Date.now()),
    origAdapter: 'hono-mqtt',
    origAddress: 'event',
    traceParent,
  };
}

/** The same as rhea wants it. @param {number} number */
export function rheaMessage(number) {
  return {
    durable: true,
    message_id: `rollcall-${number}`,
    to: address,
    content_type: 'application/octet-stream',
    creation_time: new Date(),
    message_annotations: {
      tenant_id: 'bench',
      device_id: 'device-1',
      resource: `${address}/device-1`,
      'x-opt-trace-context': { traceparent: traceParent },
    },
    application_properties: {
      device_id: 'device-1',
      qos: rhea.types.wrap_int(1),
      orig_adapter: 'hono-mqtt',
      orig_address: 'event',
    },
    body: rhea.message.data_section(payload),
  };
}

/** That the device connected. @param {number} number @returns {import('@rollcall/core/events').ConnectionEvent} */
export function connectionEvent(number) {
  const id = `0199fd27-8c4b-7d6a-9a5e-${String(number).padStart(12, '0')}`;
  return /** @type {import('@rollcall/core/events').ConnectionEvent} */ (
    /** @type {unknown} */ ({
      type: 'connected',
      basis: { kind: 'session', detectWithinMs: 90_000 },
      id,
      connectionId: id,
      epoch: number,
      device: { tenant: 'bench', device: 'device-1' },
      adapter: { type: 'hono-mqtt', id: 'bench-0', instance: '0199fd27-0000-7000-8000-000000000000' },
      remoteId: 'device-1',
      slot: 'device-1',
      at: Date.now(),
      protocol: 'MQTT 5.0',
      remoteAddress: '127.0.0.1:40000',
    })
  );
}
