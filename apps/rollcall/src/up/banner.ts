import type { AdapterEntry } from '../adapters/adapter-entry.ts';
import { portsOf, type DemoPorts } from '../adapters/ports.ts';

export interface BannerOptions {
  readonly table: readonly AdapterEntry[];
  readonly ports: DemoPorts;
  readonly dataDir: string;
  readonly offset: number;
  /** Whether devices are in the device registry, and not in a file. */
  readonly hasRegistry: boolean;
}

/** The text that `up` prints when everything is ready: where things listen, and what to try. */
export function banner({ table, ports, dataDir, offset, hasRegistry }: BannerOptions): string {
  const moved = offset === 0 ? '' : ` --port-offset ${offset}`;
  const inPlace = (text: string, name: string): string =>
    text.replaceAll('{port}', String(portsOf(ports, name).devices));
  const places = [
    ...table.map(({ name, protocol, up }): [string, string] => [
      `${protocol} devices`,
      `${inPlace(up.url, name)}${up.note === undefined ? '' : ` (${up.note})`}`,
    ]),
    ['Events API', `amqp://127.0.0.1:${ports.network}`] as const,
    ['who is online', `http://127.0.0.1:${ports.presence.api}/ (in a browser)`] as const,
    ['presence API', `http://127.0.0.1:${ports.presence.api}/v1, /openapi.json`] as const,
    ...(hasRegistry
      ? [['device registry', `http://127.0.0.1:${ports.registry.api}/v1, /openapi.json`] as const]
      : []),
    ['health and metrics', healthPlaces(table, ports, hasRegistry)] as const,
    ['data and logs', dataDir] as const,
  ];
  const width = Math.max(19, ...places.map(([what]) => what.length)) + 2;
  const tries = table.flatMap(({ name, up }) =>
    up.try ? [[...up.try.map((line) => `  ${inPlace(line, name)}`), ''].join('\n')] : [],
  );
  return `
Ready.

${places.map(([what, where]) => `  ${what.padEnd(width)}${where}`).join('\n')}

Try, in another terminal:

${tries.join('\n')}
  # no client installed? devices that connect, are killed, come back, fall silent, and leave
  npm run rollcall -- demo${moved}

  # is a device connected, since when, and how sure is that? and each change, as it comes
  curl http://127.0.0.1:${ports.presence.api}/v1/tenants/DEFAULT_TENANT/devices/4711
  curl -N http://127.0.0.1:${ports.presence.api}/v1/tenants/DEFAULT_TENANT/watch

${hasRegistry ? newDevice(table, ports) : ''}  # who is online, and the events, as a downstream service sees them
  npm run rollcall -- devices${moved}
  npm run rollcall -- tail${moved}

Connection events of DEFAULT_TENANT (Ctrl-C ends):
`;
}

/** The first one in full, of the others the port. */
function healthPlaces(table: readonly AdapterEntry[], ports: DemoPorts, hasRegistry: boolean): string {
  const places = table.map(({ name, title }, index) => {
    const { health } = portsOf(ports, name);
    return `${index === 0 ? `http://127.0.0.1:${health}/readiness, /metrics` : `:${health}`} (${title})`;
  });
  const registry = hasRegistry ? [`:${ports.registry.health} (registry)`] : [];
  return [...places, `:${ports.presence.health} (presence)`, ...registry].join(', ');
}

/** What adds a device and uses it at once, where there is an HTTP adapter for that. */
function newDevice(table: readonly AdapterEntry[], ports: DemoPorts): string {
  const http = table.find(({ protocol }) => protocol === 'HTTP');
  if (!http) return '';
  const api = `http://127.0.0.1:${ports.registry.api}/v1`;
  return `  # a device of your own, with a password, at once
  curl -X POST ${api}/devices/DEFAULT_TENANT/my-device
  curl -X PUT ${api}/credentials/DEFAULT_TENANT/my-device -H 'content-type: application/json' \\
    -d '[{"type": "hashed-password", "auth-id": "me", "secrets": [{"pwd-plain": "my-secret"}]}]'
  curl -i -u me@DEFAULT_TENANT:my-secret -H 'content-type: text/plain' --data hello \\
    http://127.0.0.1:${portsOf(ports, http.name).devices}/event

  # that request stands for its presence for 10 minutes; disabled, it is offline at once
  curl -X PUT ${api}/devices/DEFAULT_TENANT/my-device -H 'content-type: application/json' -d '{"enabled": false}'

`;
}
