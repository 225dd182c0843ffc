import type { UploadFailure } from '@rollcall/core/device-data';
import type { UploadRequest } from './host-uplink.ts';

/** Where a message goes. No target: the device's own data. */
export type UploadAddress = Pick<UploadRequest, 'endpoint' | 'target'>;

const endpoints: ReadonlyMap<string, UploadAddress['endpoint']> = new Map([
  ['telemetry', 'telemetry'],
  ['t', 'telemetry'],
  ['event', 'event'],
  ['e', 'event'],
]);

export const noSuchEndpoint: UploadFailure = { status: 404, text: 'no such endpoint' };
const tenantOnly: UploadFailure = { status: 400, text: 'message address must not contain tenant ID only' };

/**
 * Reads the path that Hono's devices name in a topic or a `to`: `telemetry`, `e`, `event/T/D`, `telemetry//D`. Slashes at its end
 * are ignored, and so is what follows the device (`docs/hono-compatibility.md` §7). A failure: nothing can be uploaded to it.
 */
export function readUploadAddress(path: string): UploadAddress | UploadFailure {
  const [first = '', tenant = '', device = ''] = path.split('/', 3);
  const endpoint = endpoints.get(first);
  if (endpoint === undefined) return noSuchEndpoint;
  if (device === '') return tenant === '' ? { endpoint } : tenantOnly;
  return { endpoint, target: tenant === '' ? { device } : { tenant, device } };
}
