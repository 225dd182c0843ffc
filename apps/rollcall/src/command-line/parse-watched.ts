import type { DevicesCommand } from '../devices/devices.ts';
import type { Destination } from '../network/reach.ts';

/** Seconds to listen by default: an adapter of `up` announces twice in this time. */
const listenSeconds = 10;

export interface WatchedValues {
  readonly tenant?: readonly string[];
  readonly address?: string;
  readonly queue?: string;
  readonly 'drop-others'?: boolean;
  readonly json?: boolean;
  readonly online?: boolean;
  readonly once?: boolean;
  readonly wait?: string;
  readonly 'presence-url'?: string;
}

/** Reads the options of `tail` and `devices`. Returns a text when something is wrong with them. */
export function parseWatched(values: WatchedValues, to: Destination): DevicesCommand | string {
  const { address, queue, once = false, wait, 'drop-others': dropOthers } = values;
  if (address !== undefined && queue !== undefined) return 'give --address or --queue, not both';
  if (queue !== undefined && values.tenant !== undefined)
    return '--queue has the events that it is bound for: --tenant does not choose from it';
  if (dropOthers && queue === undefined && address === undefined)
    return '--drop-others is for --queue and --address: no one else receives from a subscription';
  if (wait !== undefined && !once) return '--wait is for --once';
  const presenceUrl = values['presence-url'];
  const mistake = presenceUrl === undefined ? undefined : problemWithPresence(presenceUrl, values);
  if (mistake !== undefined) return mistake;
  const waitMs = readSeconds(wait);
  if (waitMs === undefined) return '--wait must be a number of seconds from 1 to 86400';
  return {
    ...to,
    tenants: [...new Set(values.tenant ?? ['DEFAULT_TENANT'])],
    address,
    queue,
    dropOthers,
    json: values.json ?? false,
    online: values.online ?? false,
    onceAfterMs: once ? waitMs : undefined,
    ...(presenceUrl !== undefined && { presenceUrl }),
  };
}

function problemWithPresence(url: string, { wait, address, queue }: WatchedValues): string | undefined {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return '--presence-url must be an http:// or https:// URL';
  if (address !== undefined || queue !== undefined)
    return '--presence-url asks a service: --address and --queue are for listening';
  return wait === undefined ? undefined : '--presence-url answers at once: --wait is for listening';
}

/** Milliseconds; `undefined`: it is not a number of seconds. */
export function readSeconds(text = String(listenSeconds)): number | undefined {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= 86_400 ? seconds * 1_000 : undefined;
}
