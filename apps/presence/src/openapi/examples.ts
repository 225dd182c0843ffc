const asOf = {
  at: '2026-11-28T10:00:00.000Z',
  'lag-ms': 12,
  'covered-since': '2026-11-01T00:00:00.000Z',
  'complete-from': '2026-11-01T01:00:00.000Z',
  complete: true,
};

const connection = {
  'connection-id': '01a2076b-4400-7a1b-9c2d-3e4f5a6b7c8d',
  'connected-at': '2026-11-28T08:00:00.000Z',
  protocol: 'MQTT 5.0',
  basis: { kind: 'session', 'detect-within-ms': 90_000 },
  adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: '01a20769-0000-7000-8000-000000000001' },
  'remote-id': 'thermostat-7',
  slot: 'thermostat-7',
  'remote-address': '203.0.113.7:50122',
  epoch: '01a2076b44000001',
};

const ending = {
  ...connection,
  'connection-id': '01a20700-0000-7a1b-9c2d-3e4f5a6b7c8d',
  'connected-at': '2026-11-27T08:00:00.000Z',
  'event-id': '01a2076f-1c2b-7c3d-8e4f-5a6b7c8d9e0f',
  at: '2026-11-27T20:12:43.123Z',
  'left-between': { from: '2026-11-27T20:11:58.101Z', to: '2026-11-27T20:12:43.123Z' },
  'uncertainty-ms': 45_022,
  reason: 'keepalive-timeout',
  initiator: 'network',
  clean: false,
  'last-seen': '2026-11-27T20:11:58.101Z',
};

const state = {
  tenant: 'DEFAULT_TENANT',
  device: '4711',
  status: 'online',
  since: '2026-11-28T08:00:00.000Z',
  connections: [connection],
  'last-ending': ending,
};

/** One for each kind of answer. */
export const examples = {
  device: { ...state, 'as-of': asOf },
  devices: {
    devices: [state, { tenant: 'DEFAULT_TENANT', device: '4712', status: 'unknown', connections: [] }],
    'as-of': asOf,
  },
  history: {
    tenant: 'DEFAULT_TENANT',
    device: '4711',
    connections: [
      { ...connection, state: 'open' },
      { ...connection, 'connection-id': ending['connection-id'], state: 'ended', ending },
    ],
    'as-of': asOf,
  },
  at: {
    tenant: 'DEFAULT_TENANT',
    device: '4711',
    time: '2026-11-27T20:12:00.000Z',
    answer: 'uncertain',
    because: 'left-between',
    between: ending['left-between'],
    'connection-id': ending['connection-id'],
    'as-of': asOf,
  },
  summary: {
    tenant: 'DEFAULT_TENANT',
    devices: { online: 194, offline: 12, unknown: 1 },
    protocols: { 'MQTT 5.0': 180, 'HTTP/1.1': 14 },
    reasons: { 'keepalive-timeout': 9, 'client-closed': 3 },
    adapters: { 'mqtt-0': 180, 'http-0': 14 },
    'flaps-per-hour': 10,
    flapping: [{ device: '4713', changes: 24 }],
    'as-of': asOf,
  },
  adapters: {
    adapters: [
      {
        id: 'mqtt-0',
        type: 'hono-mqtt',
        instance: '01a20769-0000-7000-8000-000000000001',
        'last-heard-at': '2026-11-28T09:59:58.004Z',
        'last-announced-at': '2026-11-28T09:59:40.120Z',
        'announce-interval-ms': 3_600_000,
        publishing: true,
        connections: 180,
      },
    ],
    'as-of': asOf,
  },
  timeline: {
    tenant: 'DEFAULT_TENANT',
    from: '2026-11-28T09:00:00.000Z',
    to: '2026-11-28T10:00:00.000Z',
    'step-s': 1_800,
    'known-since': '2026-11-01T00:00:00.000Z',
    points: [
      { at: '2026-11-28T09:00:00.000Z', online: 190, unknown: 0 },
      { at: '2026-11-28T09:30:00.000Z', online: 197, unknown: 0 },
      { at: '2026-11-28T10:00:00.000Z', online: 194, unknown: 1 },
    ],
    endings: { 'keepalive-timeout': 9, 'client-closed': 3 },
    'as-of': asOf,
  },
  endings: {
    tenant: 'DEFAULT_TENANT',
    from: '2026-11-27T20:00:00.000Z',
    to: '2026-11-27T21:00:00.000Z',
    'known-since': '2026-11-01T00:00:00.000Z',
    endings: [{ device: '4711', status: 'online', ...ending }],
    'as-of': asOf,
  },
  tenants: { tenants: ['DEFAULT_TENANT', 'acme'], 'as-of': asOf },
  query: { devices: [{ tenant: 'DEFAULT_TENANT', device: '4711' }] },
  problem: {
    type: 'urn:rollcall:problem:bad-input',
    title: 'The request has a mistake',
    status: 400,
    detail: 'limit: must be a whole number from 1 to 1000',
    field: 'limit',
  },
} as const;
