import rhea from 'rhea';

/** A message for rhea, as large as what an adapter makes of telemetry with a payload of 200 bytes. @param {string} address */
export function encodedTelemetry(address) {
  return rhea.message.encode({
    to: address,
    message_id: 'x'.repeat(36),
    content_type: 'application/octet-stream',
    creation_time: new Date(0),
    message_annotations: {
      tenant_id: 'bench',
      device_id: 'device-1',
      resource: 'telemetry/bench/device-1',
    },
    application_properties: {
      device_id: 'device-1',
      qos: 1,
      orig_adapter: 'hono-mqtt',
      orig_address: 'telemetry',
    },
    body: rhea.message.data_section(Buffer.alloc(200, 'x')),
  });
}
