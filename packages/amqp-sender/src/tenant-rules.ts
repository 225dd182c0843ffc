import type { IdentifierRule } from '@rollcall/core/registry';
import type { NetworkChoice, NetworkName } from './messaging-network.ts';
import { withPreset } from './resolve-network.ts';

/** Texts with a special meaning in the addresses of a network, unless they are encoded. */
const meanings: Readonly<Record<NetworkName, readonly (readonly [pattern: string, what: string])[]>> = {
  hono: [
    ['::', '`::` begins the name of a subscription'],
    ['^#$', '`#` stands for all tenants'],
  ],
  artemis: [
    ['::', '`::` begins the name of a queue'],
    ['[*#]', '`*` and `#` stand for other addresses'],
  ],
  'rabbitmq-3': [['%', '`%` begins an encoded character: {tenant:pct} in the address helps']],
  'rabbitmq-4': [['%', '`%` begins an encoded character: {tenant:pct} in the address helps']],
  'activemq-classic': [
    [',', '`,` parts several queues'],
    ['[*>]', '`*` and `>` stand for other queues'],
    ['[?]', '`?` begins options'],
  ],
};

/** Names have 255 bytes at most in the embedded network, and in RabbitMQ, where they include `telemetry/`. */
const maxBytes: Readonly<Partial<Record<NetworkName, number>>> = {
  hono: 255,
  'rabbitmq-3': 255 - 'telemetry/'.length,
  'rabbitmq-4': 255 - 'telemetry/'.length,
};

/** Which tenants the addresses of a network cannot carry: their events would wait for ever, or go to other tenants. */
export function tenantRules(choice: NetworkChoice): readonly IdentifierRule[] {
  const { name } = choice;
  const { eventAddress, telemetryAddress } = withPreset(choice);
  const plain = [eventAddress, telemetryAddress].find((address) => address.includes('{tenant}'));
  const most = maxBytes[name];
  return [
    ...(plain === undefined
      ? []
      : meanings[name].map(([pattern, what]) => ({ pattern, reason: `${what} in the address ${plain}` }))),
    ...(most === undefined ? [] : [{ maxBytes: most, reason: `longer than ${most} bytes in UTF-8` }]),
  ];
}
