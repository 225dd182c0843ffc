import type { RefusalReason } from '../authentication-result.ts';

/** What a refused device may read (`docs/hono-compatibility.md` §4). */
export const refusalTexts: Readonly<Record<RefusalReason, string>> = {
  'bad-credentials': 'bad credentials',
  'tenant-disabled': 'tenant is disabled or not registered',
  'adapter-disabled': 'adapter is disabled',
  'device-not-registered': 'device is disabled or not registered',
  'tenant-connections-exceeded':
    "tenant's configured maximum number of simultaneously connected devices has been reached",
  'adapter-connections-exceeded': 'maximum number of simultaneously connected devices has been reached',
  'device-connections-exceeded':
    'maximum number of connections of this device has been reached, try again later',
  throttled: 'too many failed attempts, try again later',
  busy: 'server busy, try again later',
  unavailable: 'Temporarily unavailable',
};
