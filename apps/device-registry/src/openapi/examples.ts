/** One example of each kind of content. */
export const examples = {
  tenant: {
    enabled: true,
    alias: 'acme-1',
    adapters: [{ type: 'hono-mqtt', enabled: true }],
    'registration-limits': { 'max-devices': 1_000 },
    ext: { region: 'eu' },
  },
  device: { enabled: true, via: ['gateway-1'], defaults: { ttl: 60 }, ext: { brand: 'x' } },
  credentials: [
    {
      type: 'hashed-password',
      'auth-id': 'thermostat-7',
      secrets: [{ 'pwd-plain': 'a secret', 'not-after': '2030-01-01T00:00:00Z' }],
    },
    { type: 'psk', 'auth-id': 'thermostat-7', secrets: [{ key: 'AAECAw==' }] },
  ],
  shownCredentials: [
    {
      type: 'hashed-password',
      'auth-id': 'thermostat-7',
      secrets: [{ id: 'f3449b77-4f86-4a6d-9a0a-2c3b9e6f6f0f', 'not-after': '2030-01-01T00:00:00Z' }],
    },
  ],
  created: { id: 'thermostat-7' },
  foundTenants: { total: 1, result: [{ id: 'acme', enabled: true }] },
  foundDevices: { total: 1, result: [{ id: 'thermostat-7', enabled: true }] },
  fault: { error: 'unknown: Unrecognized key' },
} as const;
