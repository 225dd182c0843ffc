/** JSON Schemas (2020-12) of what answers have. Fields may be added within version 1: readers must tolerate them. */
const time = { type: 'string', format: 'date-time' } as const;
const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const milliseconds = { type: 'number', minimum: 0 } as const;

function object(required: readonly string[], properties: object, description?: string): object {
  return { type: 'object', required, properties, ...(description !== undefined && { description }) };
}

export function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function listOf(name: string): object {
  return { type: 'array', items: ref(name) };
}

const counts = { type: 'object', additionalProperties: count } as const;

const connectionFacts = {
  'connection-id': text,
  'connected-at': time,
  protocol: { ...text, description: 'Protocol and version, e.g. `MQTT 5.0`' },
  basis: ref('Basis'),
  adapter: ref('Adapter'),
  'remote-id': {
    ...text,
    description:
      'The name that the peer gives itself: MQTT client id, AMQP container id; for HTTP and CoAP the auth-id',
  },
  slot: { ...text, description: 'What only one connection of the device can hold at a time' },
  'remote-address': { ...text, description: '`host:port` as the adapter saw it; absent where switched off' },
  epoch: { type: 'string', pattern: '^[0-9a-f]{16}$' },
} as const;

const alwaysOfConnections = [
  'connection-id',
  'connected-at',
  'protocol',
  'basis',
  'adapter',
  'remote-id',
  'epoch',
];

export const schemas = {
  AsOf: object(
    ['at', 'lag-ms', 'covered-since', 'complete-from', 'complete'],
    {
      at: {
        type: ['string', 'null'],
        format: 'date-time',
        description:
          'The answer has all events that reached the network before this time; `null`: none was read yet',
      },
      'lag-ms': { type: ['number', 'null'], minimum: 0, description: 'How long ago that is' },
      'covered-since': { ...time, description: 'Since when this database follows the events' },
      'complete-from': {
        ...time,
        description: 'By then every adapter has announced the connections that were open at `covered-since`',
      },
      complete: { type: 'boolean', description: 'Whether the stream was read so far' },
    },
    'How far the answer reaches',
  ),
  Basis: {
    description: 'How the adapter knows that the device is there',
    oneOf: [
      object(['kind', 'detect-within-ms'], {
        kind: { const: 'session' },
        'detect-within-ms': {
          type: ['number', 'null'],
          description: 'How soon the adapter notices silence; `null`: never',
        },
      }),
      object(['kind', 'interval-ms', 'from', 'detect-within-ms'], {
        kind: { const: 'lease' },
        'interval-ms': milliseconds,
        from: { enum: ['declared', 'learned', 'default', 'ttd'] },
        'detect-within-ms': milliseconds,
        until: { ...time, description: 'When a lease that is over ran out' },
      }),
    ],
  },
  Adapter: object(['type', 'id', 'instance'], { type: text, id: text, instance: text }),
  Between: object([], { from: time, to: time }, 'An absent end is not known'),
  Connection: object(alwaysOfConnections, connectionFacts),
  Ending: object(
    [
      ...alwaysOfConnections,
      'event-id',
      'at',
      'left-between',
      'uncertainty-ms',
      'reason',
      'initiator',
      'clean',
      'last-seen',
    ],
    {
      ...connectionFacts,
      'event-id': text,
      at: { ...time, description: 'When the adapter observed the end' },
      'left-between': { ...ref('Between'), description: 'The device really left somewhere in here' },
      'uncertainty-ms': milliseconds,
      reason: { ...text, description: 'E.g. `client-closed`; later versions may have more' },
      initiator: text,
      clean: { type: 'boolean' },
      'last-seen': time,
      'ended-epoch': text,
      coalesced: count,
      raw: { type: 'object', description: 'What the protocol itself reports' },
    },
  ),
  DeviceEnding: {
    allOf: [
      ref('Ending'),
      object(['device', 'status'], {
        device: text,
        status: {
          enum: ['online', 'offline', 'unknown'],
          description: 'What the device is now: it may be back',
        },
      }),
    ],
  },
  Endings: object(['tenant', 'from', 'to', 'known-since', 'endings', 'as-of'], {
    tenant: text,
    from: time,
    to: time,
    'known-since': {
      ...time,
      description:
        'Earlier endings may be missing: the service did not follow events yet, or has dropped them',
    },
    endings: listOf('DeviceEnding'),
    next: { ...text, description: 'The `cursor` of the next page; absent: this is the last' },
    'as-of': ref('AsOf'),
  }),
  DeviceState: object(
    ['tenant', 'device', 'status', 'connections'],
    {
      tenant: text,
      device: text,
      status: { enum: ['online', 'offline', 'unknown'] },
      since: { ...time, description: 'Of `online` and `offline`' },
      connections: {
        ...listOf('Connection'),
        description: 'The open connections, oldest first; for `unknown`, those that were open',
      },
      'last-ending': ref('Ending'),
      said: {
        type: 'object',
        description: 'The last event of an adapter whose events have no connection-id',
      },
    },
    'What is known of a device',
  ),
  Device: { allOf: [ref('DeviceState'), object(['as-of'], { 'as-of': ref('AsOf') })] },
  Devices: object(['devices', 'as-of'], {
    devices: listOf('DeviceState'),
    next: { ...text, description: 'The `cursor` of the next page; absent: this is the last' },
    'as-of': ref('AsOf'),
  }),
  PastConnection: {
    allOf: [
      ref('Connection'),
      object(['state'], {
        state: { enum: ['open', 'ended', 'unknown'] },
        ending: ref('Ending'),
        'taken-over-at': {
          ...time,
          description: 'When another connection took its slot; present if its own end was never reported',
        },
      }),
    ],
  },
  History: object(['tenant', 'device', 'connections', 'as-of'], {
    tenant: text,
    device: text,
    connections: listOf('PastConnection'),
    next: text,
    'as-of': ref('AsOf'),
  }),
  WasConnected: object(['tenant', 'device', 'time', 'answer', 'as-of'], {
    tenant: text,
    device: text,
    time,
    answer: {
      enum: ['yes', 'no', 'uncertain'],
      description: '`no` also of a time that was forgotten with the device, once it has connected again',
    },
    because: {
      enum: ['left-between', 'not-noticed-yet', 'silent', 'not-covered', 'not-read-yet'],
      description: 'Of `uncertain`',
    },
    between: ref('Between'),
    'connection-id': text,
    'as-of': ref('AsOf'),
  }),
  Summary: object(['tenant', 'devices', 'protocols', 'reasons', 'adapters', 'flapping', 'as-of'], {
    tenant: text,
    devices: { ...counts, description: 'By status' },
    protocols: { ...counts, description: 'Devices that are online, by protocol' },
    reasons: { ...counts, description: 'Devices that are offline, by the reason' },
    adapters: { ...counts, description: 'Devices that are online, by adapter id' },
    'flaps-per-hour': count,
    flapping: {
      type: 'array',
      items: object(['device', 'changes'], { device: text, changes: count }),
      description: 'Devices with more changes in the last hour than that',
    },
    'as-of': ref('AsOf'),
  }),
  AdapterInstance: object(['id', 'type', 'instance', 'last-heard-at', 'publishing', 'connections'], {
    id: text,
    type: text,
    instance: { ...text, description: 'Of this start of the adapter' },
    'last-heard-at': {
      ...time,
      description: 'Its latest event or announcement, on the clock of the service',
    },
    'last-announced-at': { ...time, description: 'Absent: it announced nothing yet' },
    'announce-interval-ms': { ...milliseconds, description: 'As it said; absent: it did not' },
    publishing: {
      type: ['boolean', 'null'],
      description: 'Whether it missed fewer than three announcements as of `as-of.at`; `null`: not known',
    },
    connections: {
      ...count,
      description: 'That it has open, over all tenants; without those of which nothing is heard any more',
    },
  }),
  Adapters: object(['adapters', 'as-of'], {
    adapters: listOf('AdapterInstance'),
    next: { ...text, description: 'Cursor of the next page' },
    'as-of': ref('AsOf'),
  }),
  Timeline: object(['tenant', 'from', 'to', 'step-s', 'known-since', 'points', 'endings', 'as-of'], {
    tenant: text,
    from: time,
    to: time,
    'step-s': count,
    'known-since': {
      ...time,
      description:
        'Earlier counts may be too low: the service did not follow events yet, or has dropped connections',
    },
    points: {
      type: 'array',
      items: object(['at', 'online', 'unknown'], {
        at: time,
        online: { ...count, description: 'Devices of which a connection was open then' },
        unknown: {
          ...count,
          description: 'Those with a connection that began before, and of which nothing is heard any more',
        },
      }),
    },
    endings: { ...counts, description: 'Connections that ended in this period, by reason' },
    'as-of': ref('AsOf'),
  }),
  Tenants: object(['tenants', 'as-of'], {
    tenants: { type: 'array', items: text },
    next: { ...text, description: 'The `cursor` of the next page; absent: this is the last' },
    'as-of': ref('AsOf'),
  }),
  DeviceQuery: object(['devices'], {
    devices: {
      type: 'array',
      minItems: 1,
      maxItems: 1_000,
      items: object(['tenant', 'device'], { tenant: text, device: text }),
    },
  }),
  Problem: object(
    ['type', 'title', 'status'],
    {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: { type: 'integer' },
      detail: text,
      field: { ...text, description: 'Where the mistake is, of `urn:rollcall:problem:bad-input`' },
    },
    'RFC 9457',
  ),
} as const;
