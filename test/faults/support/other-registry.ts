import { readFileSync } from 'node:fs';
import { startProgram } from '../../e2e/support/processes.ts';
import { restartable, type Restartable } from './restartable.ts';

/** A registry that is not ours, such as Hono's own: how it is run, and where it is. */
export interface OtherRegistry {
  /** Program and arguments. It runs until it is killed, and keeps its data. */
  readonly command: readonly string[];
  /** Where it runs. */
  readonly folder: string;
  /** Answers 200 once the registry works. */
  readonly readyUrl: string;
  /** Of the management API, before `/v1`. */
  readonly managementUrl: string;
  /** On loopback, where it finds the messaging network. */
  readonly networkPort: number;
  /** What tells adapters where its services are, and who they are. */
  readonly adapters: Readonly<Record<string, string>>;
  /** How long adapters may keep what it says of a tenant or of credentials. */
  readonly keptForMs: number;
  /** It may answer whoever changes something this long before it has told adapters. */
  readonly toldWithinMs: number;
}

/** From a JSON file; `undefined`: none is named. */
export function otherRegistry(path: string | undefined): OtherRegistry | undefined {
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as OtherRegistry);
}

export function runOther({ command, folder, readyUrl }: OtherRegistry): Restartable {
  return restartable({
    app: 'other registry',
    run: () => startProgram(command, folder),
    isReady: async () => {
      const answer = await fetch(readyUrl).catch(() => undefined);
      return answer?.ok === true;
    },
  });
}
