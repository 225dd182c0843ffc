import type { Status } from './answers.ts';

/** What the page shows: it stands in the address, so that it can be sent to somebody. */
export interface Route {
  readonly tenant?: string;
  readonly device?: string;
  readonly status?: Status;
  readonly protocol?: string;
  readonly reason?: string;
  readonly search?: string;
  /** Those who left for this reason; `*`: for any. */
  readonly ended?: string;
  /** Those that became what they are so many seconds ago, or later. */
  readonly withinS?: number;
  readonly order: 'name' | 'latest';
  /** How much of the past is shown, in seconds. */
  readonly spanS: number;
  /** The time of "was it connected at …?". */
  readonly atMs?: number;
}

/** What becomes another; `undefined`: it is shown no more. */
export type RouteChange = { readonly [Part in keyof Route]?: Route[Part] | undefined };

/** Shows something else. `replaces`: without a step that Back would lead to. */
export type Change = (change: RouteChange, replaces?: boolean) => void;

export const usualSpanS = 86_400;
const longestS = 31 * 86_400;

/** From the part of an address behind `#`. What cannot be read is left out. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const [, tenant, , device] = path.match(/^\/([^/]*)(\/([^/]*))?$/) ?? [];
  const values = new URLSearchParams(query);
  const text = (name: string): string | undefined => values.get(name)?.slice(0, 200) || undefined;
  const seconds = (name: string): number | undefined => {
    const value = Number(values.get(name));
    return Number.isInteger(value) && value > 0 && value <= longestS ? value : undefined;
  };
  const status = values.get('status');
  const atMs = Date.parse(values.get('at') ?? '');
  const given = {
    tenant: decoded(tenant),
    device: decoded(device),
    protocol: text('protocol'),
    reason: text('reason'),
    search: text('q'),
    ended: text('ended'),
    withinS: seconds('within'),
    status: status === 'online' || status === 'offline' || status === 'unknown' ? status : undefined,
    atMs: Number.isNaN(atMs) ? undefined : atMs,
  };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...(known as Partial<Route>),
    order: values.get('order') === 'latest' ? 'latest' : 'name',
    spanS: seconds('span') ?? usualSpanS,
  };
}

/** The part of an address that {@link readRoute} reads. */
export function writeRoute(route: Route | (RouteChange & Pick<Route, 'order' | 'spanS'>)): string {
  const { tenant, device, status, protocol, reason, search, ended, withinS, order, spanS, atMs } = route;
  if (tenant === undefined) return '#/';
  const values = new URLSearchParams({
    ...(status !== undefined && { status }),
    ...(protocol !== undefined && { protocol }),
    ...(reason !== undefined && { reason }),
    ...(search !== undefined && search !== '' && { q: search }),
    ...(ended !== undefined && { ended }),
    ...(withinS !== undefined && { within: String(withinS) }),
    ...(order === 'latest' && { order }),
    ...(spanS !== usualSpanS && { span: String(spanS) }),
    ...(atMs !== undefined && { at: new Date(atMs).toISOString() }),
  }).toString();
  const path = `#/${encodeURIComponent(tenant)}${device === undefined ? '' : `/${encodeURIComponent(device)}`}`;
  return values === '' ? path : `${path}?${values}`;
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
