/** The tenant whose devices come and go. */
export const presenceTenant = 'bench';

/**
 * What is said in the place `number`: of each device in turn that it came, and the next time that it left.
 * @param {number} number @param {number} devices
 * @returns {import('@rollcall/core/events').ConnectionEvent}
 */
export function presenceEvent(number, devices) {
  const device = number % devices;
  const round = Math.floor(number / devices);
  const now = Date.now();
  const connection = `0199fd27-0000-7000-8000-${String((round >> 1) * devices + device).padStart(12, '0')}`;
  const facts = {
    id: `0199fd27-8c4b-7d6a-9a5e-${String(number).padStart(12, '0')}`,
    connectionId: connection,
    epoch: now.toString(16).padStart(12, '0') + (number % 65_536).toString(16).padStart(4, '0'),
    device: { tenant: presenceTenant, device: `thermostat-${device}` },
    adapter: { type: 'hono-mqtt', id: 'bench-0', instance: '0199fd27-0000-7000-8000-000000000000' },
    remoteId: `thermostat-${device}`,
    at: now,
    basis: { kind: 'session', detectWithinMs: 90_000 },
    protocol: 'MQTT 5.0',
    remoteAddress: '127.0.0.1:40000',
  };
  const left = { connectedAt: now - 1, lastSeen: now, uncertaintyMs: 0 };
  const why = { reason: 'client-closed', initiator: 'device', clean: true };
  const event =
    round % 2 === 0 ? { type: 'connected', ...facts } : { type: 'disconnected', ...facts, ...left, ...why };
  return /** @type {import('@rollcall/core/events').ConnectionEvent} */ (/** @type {unknown} */ (event));
}
