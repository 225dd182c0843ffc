/** What devices that have left and come again say, as the presence service receives it. The first began a day ago. */
const begunMs = Date.now() - 86_400_000;

/** @param {number} device @param {number} connection */
export function begin(device, connection) {
  const at = begunMs + connection;
  return {
    type: 'connected',
    id: idOf(connection, 'c'),
    connectionId: idOf(connection, '7'),
    epoch: `${at.toString(16).padStart(12, '0')}${(connection % 65_536).toString(16).padStart(4, '0')}`,
    device: { tenant: 'acme', device: `thermostat-${device}` },
    adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: '01a20769-0000-7000-8000-000000000001' },
    remoteId: `thermostat-${device}`,
    slot: `thermostat-${device}`,
    at,
    basis: { kind: 'session', detectWithinMs: 90_000 },
    protocol: 'MQTT 5.0',
    remoteAddress: '203.0.113.7:50122',
    announcement: false,
    data: {},
  };
}

/** @param {number} device @param {number} connection @param {number} afterMs its begin */
export function end(device, connection, afterMs) {
  const began = begin(device, connection);
  const at = began.at + afterMs;
  return {
    ...began,
    type: 'disconnected',
    id: idOf(connection, 'd'),
    at,
    connectedAt: began.at,
    lastSeen: at,
    uncertaintyMs: 0,
    reason: 'client-closed',
    initiator: 'device',
    clean: true,
    endedEpoch: `${at.toString(16).padStart(12, '0')}0000`,
  };
}

/** @param {number} number @param {string} kind one digit */
function idOf(number, kind) {
  return `01a2076b-4400-7${kind}00-9c2d-${number.toString(16).padStart(12, '0')}`;
}
