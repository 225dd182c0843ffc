import { isIP } from 'node:net';

/** `tcp://10.0.0.1:8883`, or with an IPv6 address in brackets. */
const address = /^(?:tcp|udp|sctp):\/\/(?:\[([^\]]+)\]|([^[\]:/]+)):\d{1,5}$/;
const digits = /^\d{1,5}$/;
const transport = /^(?:tcp|udp|sctp)$/i;

/** What the variables of a Service end with, and what their values look like. */
const shapes: readonly {
  readonly name: RegExp;
  isValue(value: string): boolean;
  /** Such a value is not written by hand. */
  readonly isProof?: true;
}[] = [
  { name: /^(.+)_PORT$/, isValue: isAddress, isProof: true },
  { name: /^(.+)_PORT_\d{1,5}_(?:TCP|UDP|SCTP)$/, isValue: isAddress, isProof: true },
  { name: /^(.+)_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_PROTO$/, isValue: (value) => transport.test(value) },
  { name: /^(.+)_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_PORT$/, isValue: (value) => digits.test(value) },
  { name: /^(.+)_PORT_\d{1,5}_(?:TCP|UDP|SCTP)_ADDR$/, isValue: (value) => isIP(value) !== 0 },
  { name: /^(.+)_SERVICE_HOST$/, isValue: (value) => isIP(value) !== 0 },
  { name: /^(.+)_SERVICE_PORT$/, isValue: (value) => digits.test(value) },
  { name: /^(.+)_SERVICE_PORT_[A-Z0-9_]+$/, isValue: (value) => digits.test(value) },
];

/**
 * Names of the variables that Kubernetes sets in each pod for the Services of its namespace (`enableServiceLinks`): a Service
 * `rollcall-mqtt` is `ROLLCALL_MQTT_PORT=tcp://10.0.0.1:8883` and more. Where a name might be a mistake, another
 * variable of the same Service must stand beside it.
 */
export function serviceLinks(env: Readonly<Record<string, string | undefined>>): ReadonlySet<string> {
  const ofServices = new Map<string, { readonly names: string[]; isProved: boolean }>();
  for (const [name, value] of Object.entries(env)) {
    const link = value === undefined ? undefined : linkOf(name, value);
    if (!link) continue;
    const service = ofServices.get(link.service) ?? { names: [], isProved: false };
    service.names.push(name);
    service.isProved ||= link.isProof || service.names.length > 1;
    ofServices.set(link.service, service);
  }
  return new Set([...ofServices.values()].filter(({ isProved }) => isProved).flatMap(({ names }) => names));
}

function linkOf(
  name: string,
  value: string,
): { readonly service: string; readonly isProof: boolean } | undefined {
  for (const { name: pattern, isValue, isProof } of shapes) {
    const service = pattern.exec(name)?.[1];
    if (service !== undefined && isValue(value)) return { service, isProof: isProof ?? false };
  }
  return undefined;
}

function isAddress(value: string): boolean {
  const match = address.exec(value);
  return match !== null && isIP(match[1] ?? match[2] ?? '') !== 0;
}
