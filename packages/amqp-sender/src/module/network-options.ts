import { option, optional, type ValuesOf } from '@rollcall/options';
import { names, oneOf, pairs, text } from '@rollcall/options/formats';
import type { NetworkChoice } from '../messaging-network.ts';

/** Terminus durabilities (AMQP 1.0 §3.5.5). */
const durabilityOf = { '0': 0, '1': 1, '2': 2 } as const;

/** How messages find their way in the messaging network: a preset, and the options that differ from it. */
export const networkOptions = {
  network: option(
    'MESSAGING_NETWORK',
    oneOf('hono', 'artemis', 'rabbitmq-3', 'rabbitmq-4', 'activemq-classic'),
    'hono',
    'kind of the messaging network (`docs/messaging-networks.md`): `hono`, `artemis`, `rabbitmq-3`, `rabbitmq-4` or `activemq-classic`; gives the defaults of what follows',
  ),
  eventAddress: optional(
    'MESSAGING_EVENTADDRESS',
    text,
    'address of events, with `{tenant}`, or `{tenant:pct}` percent-encoded',
  ),
  telemetryAddress: optional('MESSAGING_TELEMETRYADDRESS', text, 'the same of telemetry'),
  eventCapabilities: optional(
    'MESSAGING_EVENTCAPABILITIES',
    names,
    'capabilities asked of the target of events, separated by commas, e.g. `queue`; or `none`',
  ),
  telemetryCapabilities: optional('MESSAGING_TELEMETRYCAPABILITIES', names, 'the same of telemetry'),
  targetDurability: optional(
    'MESSAGING_TARGETDURABILITY',
    oneOf('0', '1', '2'),
    'terminus durability asked of targets: `0` none, `1` configuration, `2` unsettled state',
  ),
  links: optional(
    'MESSAGING_LINKS',
    oneOf('per-address', 'anonymous-relay'),
    '`per-address`, or `anonymous-relay`: one link, and each message says in `to` where it goes',
  ),
  sessions: optional(
    'MESSAGING_SESSIONS',
    oneOf('per-connection', 'per-address'),
    '`per-connection`, or `per-address`, so that a bad address takes no other with it where the network ends its session',
  ),
  subject: optional('MESSAGING_SUBJECT', text, 'subject of messages, with `{tenant}` and `{device}`'),
  annotations: optional(
    'MESSAGING_ANNOTATIONS',
    pairs,
    'message annotations that are added, e.g. `x-opt-partition-key={device}`; `name=text` pairs, separated by commas',
  ),
} as const;

/** A preset by name, and the options that differ from it. */
export function networkSettings(values: ValuesOf<typeof networkOptions>): NetworkChoice {
  const { eventAddress, telemetryAddress, eventCapabilities, telemetryCapabilities } = values;
  const { targetDurability, links, sessions, subject, annotations } = values;
  return {
    name: values.network,
    ...(eventAddress !== undefined && { eventAddress }),
    ...(telemetryAddress !== undefined && { telemetryAddress }),
    ...(eventCapabilities && { eventCapabilities }),
    ...(telemetryCapabilities && { telemetryCapabilities }),
    ...(targetDurability !== undefined && { targetDurability: durabilityOf[targetDurability] }),
    ...(links && { links }),
    ...(sessions && { sessions }),
    ...(subject !== undefined && { subject }),
    ...(annotations && { annotations }),
  };
}
