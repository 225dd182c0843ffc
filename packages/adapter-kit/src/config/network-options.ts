import { z } from 'zod';
import { commaSeparated, oneOf, text } from './formats.ts';
import { option, optional, type ValuesOf } from './option.ts';

/** One or more names, separated by commas; `none` for none. */
const nameList: z.ZodType<readonly string[], string> = commaSeparated.transform((names) =>
  names.length === 1 && names[0] === 'none' ? [] : names,
);

/** `name=text` pairs, separated by commas. */
const pairs: z.ZodType<Readonly<Record<string, string>>, string> = commaSeparated.transform(
  (parts, context) => {
    const entries = parts.map((part) => /^([^=\s]+)=(.+)$/.exec(part)?.slice(1));
    if (entries.every((entry) => entry !== undefined)) return Object.fromEntries(entries);
    context.addIssue({ code: 'custom', message: 'must be name=text pairs, separated by commas' });
    return z.NEVER;
  },
);

const durability: z.ZodType<0 | 1 | 2, string> = oneOf('0', '1', '2').transform((digit) =>
  digit === '0' ? 0 : digit === '1' ? 1 : 2,
);

/** How messages find their way in the messaging network: a preset, and what is different. */
export const networkOptions = {
  network: option(
    'MESSAGING_NETWORK',
    oneOf('hono', 'artemis', 'rabbitmq-3', 'rabbitmq-4', 'activemq-classic'),
    'hono',
    'kind of the messaging network (`docs/messaging-networks.md`): `hono`, `artemis`, `rabbitmq-3`, `rabbitmq-4` or `activemq-classic`; gives the defaults of what follows',
  ),
  networkEventAddress: optional(
    'MESSAGING_EVENTADDRESS',
    text,
    'address of events, with `{tenant}`, or `{tenant:pct}` percent-encoded',
  ),
  networkTelemetryAddress: optional('MESSAGING_TELEMETRYADDRESS', text, 'the same of telemetry'),
  networkEventCapabilities: optional(
    'MESSAGING_EVENTCAPABILITIES',
    nameList,
    'capabilities asked of the target of events, separated by commas, e.g. `queue`; or `none`',
  ),
  networkTelemetryCapabilities: optional(
    'MESSAGING_TELEMETRYCAPABILITIES',
    nameList,
    'the same of telemetry',
  ),
  networkTargetDurability: optional(
    'MESSAGING_TARGETDURABILITY',
    durability,
    'terminus durability asked of targets: `0` none, `1` configuration, `2` unsettled state',
  ),
  networkLinks: optional(
    'MESSAGING_LINKS',
    oneOf('per-address', 'anonymous-relay'),
    '`per-address`, or `anonymous-relay`: one link, and each message says in `to` where it goes',
  ),
  networkSessions: optional(
    'MESSAGING_SESSIONS',
    oneOf('per-connection', 'per-address'),
    '`per-connection`, or `per-address`, so that a bad address takes no other with it where the network ends its session',
  ),
  networkSubject: optional('MESSAGING_SUBJECT', text, 'subject of messages, with `{tenant}` and `{device}`'),
  networkAnnotations: optional(
    'MESSAGING_ANNOTATIONS',
    pairs,
    'message annotations that are added, e.g. `x-opt-partition-key={device}`; `name=text` pairs, separated by commas',
  ),
} as const;

/** What sets a network apart: a preset by name, and what is different. */
export interface NetworkSettings {
  readonly name: ValuesOf<typeof networkOptions>['network'];
  readonly eventAddress?: string;
  readonly telemetryAddress?: string;
  readonly eventCapabilities?: readonly string[];
  readonly telemetryCapabilities?: readonly string[];
  readonly targetDurability?: 0 | 1 | 2;
  readonly links?: 'per-address' | 'anonymous-relay';
  readonly sessions?: 'per-connection' | 'per-address';
  readonly subject?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function networkSettings(values: ValuesOf<typeof networkOptions>): NetworkSettings {
  const { networkEventAddress: eventAddress, networkTelemetryAddress: telemetryAddress } = values;
  const { networkEventCapabilities: eventCapabilities } = values;
  const { networkTelemetryCapabilities: telemetryCapabilities } = values;
  const { networkTargetDurability: targetDurability, networkLinks: links } = values;
  const { networkSessions: sessions, networkSubject: subject, networkAnnotations: annotations } = values;
  return {
    name: values.network,
    ...(eventAddress !== undefined && { eventAddress }),
    ...(telemetryAddress !== undefined && { telemetryAddress }),
    ...(eventCapabilities && { eventCapabilities }),
    ...(telemetryCapabilities && { telemetryCapabilities }),
    ...(targetDurability !== undefined && { targetDurability }),
    ...(links && { links }),
    ...(sessions && { sessions }),
    ...(subject !== undefined && { subject }),
    ...(annotations && { annotations }),
  };
}
