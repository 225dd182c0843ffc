import { disconnectReasons } from '@rollcall/core/events';

const uuid = {
  type: 'string',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
};
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' };
const duration = { type: 'integer', minimum: 0 };

const basis = {
  description: 'How the adapter knows that the device is connected.',
  oneOf: [
    {
      type: 'object',
      required: ['kind', 'detect-within-ms'],
      properties: {
        kind: { const: 'session' },
        'detect-within-ms': {
          description: 'How fast silence would be noticed; null: never.',
          type: ['integer', 'null'],
          minimum: 0,
        },
      },
    },
    {
      type: 'object',
      required: ['kind', 'interval-ms', 'from'],
      properties: {
        kind: { const: 'lease' },
        'interval-ms': duration,
        from: { enum: ['declared', 'learned', 'default', 'ttd'] },
        'detect-within-ms': {
          description: 'How fast silence would be noticed: the interval, and the probe where there is one.',
          ...duration,
        },
        until: time,
      },
    },
  ],
};

const epoch = { type: 'string', pattern: '^[0-9a-f]{16}$' };

const shared = {
  'event-id': uuid,
  'connection-id': uuid,
  epoch: {
    description: '12 digits of milliseconds since 1970 (UTC), 4 of a counter; compares as a string',
    ...epoch,
  },
  slot: { type: 'string' },
  at: time,
  basis,
  'adapter-id': { type: 'string', minLength: 1 },
  'adapter-instance': { type: 'string', minLength: 1 },
  protocol: { type: 'string', minLength: 1 },
  'remote-address': { type: 'string' },
  coalesced: { type: 'integer', minimum: 1 },
  journal: {
    description:
      'In the first event of an adapter instance to a tenant, and in its announcements: whether it has the journal of the instance before.',
    enum: ['kept', 'new'],
  },
  follows: {
    description: 'With a journal that was kept: the instance before.',
    type: 'string',
    minLength: 1,
  },
};
const sharedRequired = [
  'event-id',
  'connection-id',
  'epoch',
  'at',
  'basis',
  'adapter-id',
  'adapter-instance',
  'protocol',
];

const envelope = {
  'remote-id': { description: 'MQTT client id, AMQP container id, else the auth-id.', type: 'string' },
  source: { description: 'Type of the adapter, e.g. hono-mqtt.', type: 'string' },
};

/**
 * JSON Schema (2020-12) of what this version sends as the body of a connection event. Consumers must tolerate more:
 * unknown fields anywhere, and unknown values of `reason`.
 */
export const eventBodySchema: object = {
  type: 'object',
  required: ['cause', 'remote-id', 'source', 'data'],
  oneOf: [
    {
      title: 'connected',
      properties: {
        cause: { const: 'connected' },
        ...envelope,
        data: {
          type: 'object',
          required: sharedRequired,
          properties: {
            ...shared,
            'announce-interval-ms': {
              description: 'In announcements: the next one of this connection comes within this time.',
              type: 'integer',
              minimum: 1,
            },
          },
        },
      },
    },
    {
      title: 'disconnected',
      properties: {
        cause: { const: 'disconnected' },
        ...envelope,
        data: {
          type: 'object',
          required: [
            ...sharedRequired,
            'connected-at',
            'last-seen',
            'uncertainty-ms',
            'reason',
            'initiator',
            'clean',
          ],
          properties: {
            ...shared,
            'ended-epoch': { description: 'Orders the endings of one adapter.', ...epoch },
            'connected-at': time,
            'last-seen': time,
            'uncertainty-ms': duration,
            reason: { enum: Object.keys(disconnectReasons) },
            initiator: { enum: ['device', 'network', 'adapter', 'operator'] },
            clean: { type: 'boolean' },
            raw: {
              description: "The protocol's own code and text, untranslated.",
              type: 'object',
              properties: { code: { type: ['integer', 'string'] }, text: { type: 'string' } },
            },
          },
        },
      },
    },
  ],
};
