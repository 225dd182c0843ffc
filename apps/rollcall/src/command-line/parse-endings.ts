import { presencePort } from '../adapters/ports.ts';
import type { EndingsCommand } from '../devices/endings.ts';

export interface EndingsValues {
  readonly 'presence-url'?: string;
  readonly tenant?: readonly string[];
  readonly reason?: string;
  readonly within?: string;
  readonly json?: boolean;
}

const usualMinutes = 60;
/** A month, as long as endings are kept by default. */
const mostMinutes = 44_640;

/** @param presenceUrl as the environment names it. Returns a text when something is wrong with the options. */
export function parseEndings(
  values: EndingsValues,
  presenceUrl: string | undefined,
  portOffset: number,
): EndingsCommand | string {
  const url = values['presence-url'] ?? presenceUrl ?? `http://127.0.0.1:${presencePort(portOffset)}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return '--presence-url must be an http:// or https:// URL';
  const { reason, within = String(usualMinutes) } = values;
  const minutes = /^\d{1,5}$/.test(within) ? Number(within) : 0;
  if (minutes < 1 || minutes > mostMinutes)
    return `--within must be a number of minutes from 1 to ${mostMinutes}`;
  if (reason === '') return '--reason must not be empty';
  return {
    url,
    tenants: [...new Set(values.tenant ?? ['DEFAULT_TENANT'])],
    reason,
    withinMs: minutes * 60_000,
    json: values.json ?? false,
  };
}
