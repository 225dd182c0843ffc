import type { NetworkSettings } from './network-options.ts';
import type { Effective } from './read-options.ts';

/** What a kind of network wants where nothing else is said. */
export type NetworkPreset = Required<Omit<NetworkSettings, 'name' | 'subject' | 'annotations'>>;

/** What decides where a variable is not set. */
export interface Deciders {
  readonly presets: Readonly<Record<NetworkSettings['name'], NetworkPreset>>;
  /** Of an adapter that was given none. */
  readonly adapterId: string;
}

/** What is in force: the same, with what follows from other variables, and from what. */
export function inForce(effective: readonly Effective[], deciders: Deciders): readonly Effective[] {
  const texts = new Map(effective.map(({ variable, text }) => [variable, text]));
  const decided = decisions((name) => texts.get(`ROLLCALL_${name}`), deciders);
  return effective.map((each) => {
    const decision = decided.get(each.variable);
    const isGiven = each.source !== 'not set' && each.source !== 'default';
    return decision && !isGiven ? { ...each, ...decision } : each;
  });
}

type Decision = Pick<Effective, 'text' | 'source'>;

function decisions(
  textOf: (name: string) => string | undefined,
  { presets, adapterId }: Deciders,
): ReadonlyMap<string, Decision> {
  const decided = new Map<string, Decision>();
  const decide = (name: string, text: string, source: string): void =>
    void decided.set(`ROLLCALL_${name}`, { text, source });

  const network = textOf('MESSAGING_NETWORK') ?? '';
  const preset = Object.entries(presets).find(([name]) => name === network)?.[1];
  for (const [name, text] of preset ? presetTexts(preset) : [])
    decide(`MESSAGING_${name}`, text, `preset ${network}`);
  decide('ADAPTER_ID', adapterId, 'name of the host');
  // As in Hono: they make no sense without TLS.
  for (const name of ['MESSAGING_TRUSTSTOREPATH', 'MESSAGING_CERTPATH'])
    if (textOf(name) !== undefined) decide('MESSAGING_TLSENABLED', 'true', `follows from ROLLCALL_${name}`);
  const hostname = textOf('MESSAGING_AMQPHOSTNAME');
  if (hostname !== undefined)
    decide('MESSAGING_SASLHOSTNAME', hostname, 'follows from ROLLCALL_MESSAGING_AMQPHOSTNAME');
  const hasDirectory = textOf('JOURNAL_DIRECTORY') !== undefined;
  decide(
    'JOURNAL_KIND',
    hasDirectory ? 'file' : 'memory',
    `follows from ROLLCALL_JOURNAL_DIRECTORY, which is ${hasDirectory ? '' : 'not '}set`,
  );
  return decided;
}

function presetTexts(preset: NetworkPreset): readonly (readonly [string, string])[] {
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
