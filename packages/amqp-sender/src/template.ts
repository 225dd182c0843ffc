import type { DeviceRef } from '@rollcall/core';

const placeholder = /(\{[^{}]*\})/;

/** What may stand in a template; `…:pct` percent-encoded, for networks in whose addresses a slash means something. */
const values: Readonly<Record<string, (device: DeviceRef) => string>> = {
  '{tenant}': ({ tenant }) => tenant,
  '{tenant:pct}': ({ tenant }) => encodeURIComponent(tenant),
  '{device}': ({ device }) => device,
  '{device:pct}': ({ device }) => encodeURIComponent(device),
};

/** Reads a text with places for tenant and device. The result fills them in. */
export function template(text: string): (device: DeviceRef) => string {
  const parts = text.split(placeholder).map((part) => values[part] ?? part);
  return (device) => {
    let filled = '';
    for (const part of parts) filled += typeof part === 'string' ? part : part(device);
    return filled;
  };
}

/** The places in a text that are not in `allowed`. */
export function unknownPlaces(text: string, allowed: readonly string[]): readonly string[] {
  return text.split(placeholder).filter((part) => placeholder.test(part) && !allowed.includes(part));
}
