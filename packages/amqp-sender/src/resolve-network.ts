import { problemText } from '@rollcall/adapter-kit/messaging';
import { ConfigError, type Log } from '@rollcall/core';
import type { NetworkChoice, NetworkOptions } from './messaging-network.ts';
import { networkPresets } from './network-presets.ts';
import { networkRisks } from './network-risks.ts';

/**
 * A preset with what is different about this network. Warns where it has to be prepared, or events are lost.
 *
 * @throws ConfigError where events would be lost for sure.
 */
export function resolveNetwork(choice: NetworkChoice, log: Log): NetworkOptions {
  const { name } = choice;
  const options = withPreset(choice);
  const { problems, warnings } = networkRisks(name, options);
  if (problems.length > 0) throw new ConfigError(problems.map(problemText));
  for (const warning of warnings) log.warn({ network: name }, warning);
  return options;
}

/** What is used: the preset, and over it what is different. */
export function withPreset({ name, ...differences }: NetworkChoice): NetworkOptions {
  return { ...networkPresets[name], ...differences };
}
