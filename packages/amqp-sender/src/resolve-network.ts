import { configProblem } from '@rollcall/options';
import { ConfigError } from '@rollcall/core';
import type { Log } from '@rollcall/core/environment';
import type { NetworkChoice, NetworkOptions } from './messaging-network.ts';
import { networkPresets } from './network-presets.ts';
import { networkRisks } from './network-risks.ts';

/**
 * A preset, with the differences of this network. Warns if events are lost unless the network was prepared.
 *
 * @throws ConfigError if the options are certain to lose events.
 */
export function resolveNetwork(choice: NetworkChoice, log: Log): NetworkOptions {
  const { name } = choice;
  const options = withPreset(choice);
  const { problems, warnings } = networkRisks(name, options);
  if (problems.length > 0) throw new ConfigError(problems.map(configProblem));
  for (const warning of warnings) log.warn({ network: name }, warning);
  return options;
}

/** The preset, with the differences over it. */
export function withPreset({ name, ...differences }: NetworkChoice): NetworkOptions {
  return { ...networkPresets[name], ...differences };
}
