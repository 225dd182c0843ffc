import type { UploadRequest } from './host-uplink.ts';

/** Where a message goes. No target: the device's own data. */
export type UploadAddress = Pick<UploadRequest, 'endpoint' | 'target'>;

const endpoints: ReadonlyMap<string, UploadAddress['endpoint']> = new Map([
  ['telemetry', 'telemetry'],
  ['t', 'telemetry'],
  ['event', 'event'],
  ['e', 'event'],
]);

/** Reads the path that Hono's devices name in a topic or a `to`: `telemetry`, `e`, `event/T/D`, `telemetry//D`. */
export function readUploadAddress(path: string): UploadAddress | 'no-such-endpoint' | 'malformed' {
  const [first = '', tenant, device, ...rest] = path.split('/');
  const endpoint = endpoints.get(first);
  if (endpoint === undefined) return 'no-such-endpoint';
  if (tenant === undefined) return { endpoint };
  if (device === undefined || device === '' || rest.length > 0) return 'malformed';
  return { endpoint, target: tenant === '' ? { device } : { tenant, device } };
}
