import { systemClock as clock, systemRandom as random } from '@rollcall/core/environment';
import { createFollowedFiles } from '@rollcall/file-follower';
import { filesOfSecrets } from '@rollcall/options/module';
import { fleetText } from './fleet-text.ts';
import { loadDirectory } from './load-directory.ts';
import { terminalLog } from '../terminal/terminal-log.ts';
import { jsonLine, teller } from '../terminal/terminal.ts';

export interface FleetCommand {
  readonly json: boolean;
}

/**
 * `rollcall fleet`: who is in a fleet of adapters, as its directory says. Joins nothing, and changes nothing. Resolves with the exit
 * status.
 *
 * @throws ConfigError where the options name no directory; TransportError where it does not answer.
 */
export async function fleet({ json }: FleetCommand): Promise<number> {
  const { chosen, effective, deadAfterMs } = loadDirectory(process.env);
  const log = terminalLog(teller(process.stderr));
  const files = createFollowedFiles({ clock, log });
  try {
    const engine = chosen.module.create(chosen.values, {
      clock,
      random,
      log,
      followFiles: (set) => files.follow(set),
      fileOf: filesOfSecrets(effective),
    });
    const overview = await engine.inspect();
    const { stdout } = process;
    const width = stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY;
    stdout.write(json ? `${jsonLine(overview)}\n` : fleetText(overview, { width, deadAfterMs }));
    return 0;
  } finally {
    files.stop();
  }
}
