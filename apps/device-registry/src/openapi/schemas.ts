/** JSON Schemas (2020-12) of what is written and read. Unknown members are refused, except in free objects. */
const text = { type: 'string' } as const;
const template = { ...text, maxLength: 1_024 } as const;
const flag = { type: 'boolean' } as const;
const time = { type: 'string', format: 'date-time' } as const;
const base64 = { type: 'string', contentEncoding: 'base64' } as const;
const free = { type: 'object', additionalProperties: true } as const;
const textMap = { type: 'object', additionalProperties: text } as const;
const limit = { type: 'integer', minimum: -1, description: '-1: no limit' } as const;
const some = { type: ['string', 'array'], items: text, description: 'Read as a list' } as const;

function strict(properties: object, required: readonly string[] = []): object {
  return {
    type: 'object',
    additionalProperties: false,
    properties,
    ...(required.length > 0 && { required }),
  };
}

export function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function listOf(name: string, more: object = {}): object {
  return { type: 'array', items: ref(name), ...more };
}

const period = strict(
  { mode: { enum: ['days', 'monthly'] }, 'no-of-days': { type: 'integer', minimum: 0 } },
  ['mode'],
);
const samplingMode = { enum: ['all', 'none', 'default'] } as const;

const tenant = {
  enabled: { ...flag, default: true },
  alias: { type: 'string', pattern: '^[a-z0-9-]+$', description: 'Unique over all tenants' },
  adapters: listOf('Adapter', { minItems: 1, description: 'Each type once. Absent: all are enabled' }),
  defaults: free,
  ext: free,
  'minimum-message-size': { type: 'integer', minimum: 0 },
  'registration-limits': strict({ 'max-devices': limit, 'max-credentials-per-device': limit }),
  'resource-limits': ref('ResourceLimits'),
  tracing: strict({
    'sampling-mode': samplingMode,
    'sampling-mode-per-auth-id': { type: 'object', additionalProperties: samplingMode },
  }),
  'trust-anchor-group': {
    type: 'string',
    minLength: 1,
    description: 'Tenants of one group may trust the same',
  },
  'trusted-ca': listOf('TrustedCa'),
} as const;

const device = {
  enabled: { ...flag, default: true },
  via: { ...some, description: 'Gateways that may act for it' },
  viaGroups: { ...some, description: 'Groups of gateways that may act for it' },
  memberOf: { ...some, description: 'Groups that it is a gateway of; not beside via or viaGroups' },
  authorities: { type: 'array', items: text, description: '`auto-provisioning-enabled`' },
  defaults: free,
  ext: free,
  'downstream-message-mapper': text,
  'upstream-message-mapper': text,
  'command-endpoint': strict({ uri: text, headers: textMap, 'payload-properties': textMap }),
  status: ref('DeviceStatus'),
} as const;

const secret = {
  id: { ...text, description: 'Of a stored secret: its key or hash stays where none is sent' },
  enabled: { ...flag, default: true },
  'not-before': time,
  'not-after': time,
  comment: text,
} as const;

const credential = {
  'auth-id': { type: 'string', minLength: 1, maxLength: 1_024 },
  enabled: { ...flag, default: true },
  comment: text,
  ext: free,
} as const;

function credentialOf(type: object, secrets: object, required = ['type', 'auth-id', 'secrets']): object {
  return strict({ ...credential, type, secrets: { minItems: 1, type: 'array', items: secrets } }, required);
}

const credentials = {
  PasswordCredential: credentialOf(
    { const: 'hashed-password' },
    strict({
      ...secret,
      'pwd-plain': { type: 'string', writeOnly: true, minLength: 1, description: 'Up to 72 bytes' },
      'hash-function': { ...text, writeOnly: true },
      'pwd-hash': { ...text, writeOnly: true },
      salt: { ...base64, writeOnly: true },
    }),
  ),
  PskCredential: credentialOf({ const: 'psk' }, strict({ ...secret, key: { ...base64, writeOnly: true } })),
  RawPublicKeyCredential: credentialOf(
    { const: 'rpk' },
    strict({ ...secret, key: base64, algorithm: text, cert: { ...base64, writeOnly: true } }),
  ),
  CertificateCredential: strict(
    {
      ...credential,
      type: { const: 'x509-cert' },
      cert: { ...base64, writeOnly: true, description: 'Sets auth-id and the secret' },
      secrets: { type: 'array', minItems: 1, maxItems: 1, items: strict(secret) },
    },
    ['type'],
  ),
  GenericCredential: credentialOf(
    {
      type: 'string',
      pattern: '^[a-z0-9-]+$',
      maxLength: 64,
      not: { enum: ['hashed-password', 'psk', 'rpk', 'x509-cert'] },
    },
    { type: 'object', properties: secret, additionalProperties: true },
  ),
} as const;

export const schemas = {
  Tenant: strict(tenant),
  FoundTenants: strict(
    { total: { type: 'integer' }, result: { type: 'array', items: strict({ id: text, ...tenant }, ['id']) } },
    ['total', 'result'],
  ),
  Adapter: strict(
    {
      type: { type: 'string', minLength: 1 },
      enabled: { ...flag, default: false },
      'device-authentication-required': { ...flag, default: true },
      ext: free,
    },
    ['type'],
  ),
  ResourceLimits: strict({
    'max-connections': limit,
    'max-ttl': limit,
    'max-ttl-telemetry-qos0': limit,
    'max-ttl-telemetry-qos1': limit,
    'max-ttl-command-response': limit,
    'data-volume': strict({ 'effective-since': time, 'max-bytes': limit, period }, ['effective-since']),
    'connection-duration': strict({ 'effective-since': time, 'max-minutes': limit, period }, [
      'effective-since',
    ]),
    ext: free,
  }),
  TrustedCa: strict({
    id: { type: 'string', minLength: 1, description: 'Made where it is absent' },
    cert: { ...base64, writeOnly: true, description: 'Sets name, key, algorithm and validity' },
    'subject-dn': { ...text, description: 'RFC 2253' },
    'subject-dn-bytes': base64,
    'public-key': base64,
    algorithm: { ...text, default: 'RSA' },
    'not-before': time,
    'not-after': time,
    'auth-id-template': template,
    'auto-provisioning-device-id-template': template,
    'auto-provisioning-enabled': { ...flag, default: false },
    'auto-provision-as-gateway': { ...flag, default: false },
    'ocsp-revocation-enabled': { ...flag, default: false },
    'ocsp-responder-uri': text,
    'ocsp-responder-cert': base64,
    'ocsp-nonce-enabled': { ...flag, default: false },
  }),
  Device: strict(device),
  FoundDevices: strict(
    { total: { type: 'integer' }, result: { type: 'array', items: strict({ id: text, ...device }, ['id']) } },
    ['total', 'result'],
  ),
  DeviceStatus: {
    type: 'object',
    description: 'The registry writes it; what is sent is not looked at',
    properties: {
      created: time,
      updated: time,
      'auto-provisioned': flag,
      'auto-provisioning-notification-sent': flag,
    },
  },
  Credentials: {
    type: 'array',
    items: {
      oneOf: Object.keys(credentials).map(ref),
    },
  },
  ...credentials,
  Created: strict({ id: text }, ['id']),
  Fault: strict({ error: text }, ['error']),
} as const;
