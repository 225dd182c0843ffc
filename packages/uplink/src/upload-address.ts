import type { UploadRequest } from './host-uplink.ts';

/** Where a message goes. No target: the device's own data. */
export type UploadAddress = Pick<UploadRequest, 'endpoint' | 'target'>;

const endpoints: ReadonlyMap<string, UploadAddress['endpoint']> = new Map([
  ['telemetry', 'telemetry'],
  ['t', 'telemetry'],
  ['event', 'event'],
  ['e', 'event'],
]);

/**
 * Reads the path that Hono's devices name in a topic or a `to`: `telemetry`, `e`, `event/T/D`, `telemetry//D`. Slashes at its end
 * count for nothing, nor does what follows the device (`docs/hono-compatibility.md` §7).
 */
export function readUploadAddress(path: string): UploadAddress | 'no-such-endpoint' | 'tenant-only' {
  const [first = '', tenant = '', device = ''] = path.split('/', 3);
  const endpoint = endpoints.get(first);
  if (endpoint === undefined) return 'no-such-endpoint';
  if (device === '') return tenant === '' ? { endpoint } : 'tenant-only';
  return { endpoint, target: tenant === '' ? { device } : { tenant, device } };
}
