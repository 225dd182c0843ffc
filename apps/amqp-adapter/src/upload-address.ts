/** Where a message goes, as its `to` says (`docs/hono-compatibility.md` §12). */
export interface UploadAddress {
  readonly endpoint: 'telemetry' | 'event';
  /** Absent: the device's own data. */
  readonly target?: { readonly tenant?: string; readonly device: string };
}

const endpoints: ReadonlyMap<string, UploadAddress['endpoint']> = new Map([
  ['telemetry', 'telemetry'],
  ['t', 'telemetry'],
  ['event', 'event'],
  ['e', 'event'],
]);
/** No address is longer; it would fill messages and logs. */
const maxLength = 1_024;

/** Reads the `to` of a message; `undefined` where it names nothing that can be uploaded to. */
export function parseUploadAddress(to: unknown): UploadAddress | undefined {
  if (typeof to !== 'string' || to.length > maxLength) return undefined;
  const [first = '', tenant, device, ...rest] = to.split('/');
  const endpoint = endpoints.get(first);
  if (endpoint === undefined) return undefined;
  if (tenant === undefined) return { endpoint };
  if (device === undefined || device === '' || rest.length > 0) return undefined;
  return { endpoint, target: tenant === '' ? { device } : { tenant, device } };
}
