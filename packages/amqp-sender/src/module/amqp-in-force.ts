import type { InForce } from '@rollcall/messaging-module';
import type { NetworkOptions } from '../messaging-network.ts';
import { networkPresets } from '../network-presets.ts';

/** What a preset, or another option, decides where an option is not set. */
export function* amqpInForce(textOf: (name: string) => string | undefined): Generator<InForce> {
  const network = textOf('MESSAGING_NETWORK') ?? '';
  const preset = Object.entries(networkPresets).find(([name]) => name === network)?.[1];
  for (const [name, text] of preset ? presetTexts(preset) : [])
    yield { option: `MESSAGING_${name}`, text, because: { preset: network } };
  // As in Hono: they make no sense without TLS.
  for (const follows of ['MESSAGING_TRUSTSTOREPATH', 'MESSAGING_CERTPATH'])
    if (textOf(follows) !== undefined)
      yield { option: 'MESSAGING_TLSENABLED', text: 'true', because: { follows } };
  const hostname = textOf('MESSAGING_AMQPHOSTNAME');
  if (hostname !== undefined)
    yield {
      option: 'MESSAGING_SASLHOSTNAME',
      text: hostname,
      because: { follows: 'MESSAGING_AMQPHOSTNAME' },
    };
}

function presetTexts(preset: NetworkOptions): readonly (readonly [string, string])[] {
  const names = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.join(','));
  return [
    ['EVENTADDRESS', preset.eventAddress],
    ['TELEMETRYADDRESS', preset.telemetryAddress],
    ['EVENTCAPABILITIES', names(preset.eventCapabilities)],
    ['TELEMETRYCAPABILITIES', names(preset.telemetryCapabilities)],
    ['TARGETDURABILITY', String(preset.targetDurability)],
    ['LINKS', preset.links],
    ['SESSIONS', preset.sessions],
  ];
}
