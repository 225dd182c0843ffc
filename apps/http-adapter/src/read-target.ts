import { parse } from 'node:querystring';

/** More parameters than any device needs; the rest of an endless list is ignored. */
const maxParameters = 64;

/** The query of a request, as Hono reads it: a semicolon separates too, names are in lower case, and the first of several counts. */
export function readQuery(text: string): Record<string, string> {
  if (text === '') return {};
  const parameters = new Map<string, string>();
  const parsed = parse(text.replaceAll(';', '&'), '&', '=', { maxKeys: maxParameters });
  for (const [name, values] of Object.entries(parsed)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, [values].flat()[0] ?? '');
  }
  return Object.fromEntries(parameters);
}

/**
 * Hono's router takes several slashes for one. Here so before and behind the name of an endpoint; between it and a device, two of them
 * say that the tenant is left out.
 */
export function withoutSpareSlashes(url: string): string {
  if (!url.includes('//')) return url;
  return url.replace(/^\/{2,}/, '/').replace(/^(\/(?:telemetry|event))\/+(?=\?|$)/, '$1');
}
