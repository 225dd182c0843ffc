import { ConfigError } from '@rollcall/core';
import type { Options } from '@rollcall/options';
import type { LoadedConfig } from '../config/load-config.ts';
import { defaultAdapterId } from './default-adapter-id.ts';
import type { Composition } from './run-adapter-process.ts';
import { readEarlier } from '../processes/earlier.ts';
import type { ProcessesPlan } from './run-processes.ts';
import { seatsOf } from '../processes/seats.ts';

/**
 * Which processes an adapter has; `undefined`: this one alone.
 *
 * @throws ConfigError where several cannot serve its protocol.
 */
export function planOfProcesses(
  { kit }: Pick<LoadedConfig<Options>, 'kit'>,
  { adapter }: Pick<Composition, 'adapter'>,
): ProcessesPlan | undefined {
  const { processes } = kit;
  const { oneProcessSince } = adapter;
  if (processes > 1 && oneProcessSince !== undefined)
    throw new ConfigError([
      { code: 'OPTIONS_CONFLICT', text: `ROLLCALL_ADAPTER_PROCESSES: must be 1 here: ${oneProcessSince}` },
    ]);
  const adapterId = kit.adapterId ?? defaultAdapterId(adapter);
  const journals = kit.journalKind === 'memory' ? undefined : kit.journalDirectory;
  const seats = seatsOf(processes, readEarlier(journals, adapterId));
  return seats.length === 1 ? undefined : { adapterId, seats };
}
