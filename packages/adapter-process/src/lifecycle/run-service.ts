import {
  systemClock as clock,
  systemRandom as random,
  type Clock,
  type Log,
  type Random,
} from '@rollcall/core/environment';
import type { Effective } from '@rollcall/options/internal';
import type { ResourceStack } from '@rollcall/runtime';
import { logFormatOf, type LogFormat } from '../config/log-format.ts';
import { printConfig } from '../config/print-config.ts';
import { tellLeftAside } from '../config/tell-left-aside.ts';
import { codedLog } from '../messages/coded-log.ts';
import { refuseLibraryDebug } from './library-debug.ts';
import { exitStatus, runProcess } from './run-process.ts';
import { runUntilStopped, type Work } from './run-until-stopped.ts';

/** What a service was configured with, as far as every service is alike. */
interface ServiceConfig {
  readonly values: { readonly logLevel: string; readonly logFormat: LogFormat };
  readonly effective: readonly Effective[];
  readonly warnings: readonly string[];
  readonly serviceLinks: readonly string[];
}

interface ServiceEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A service of Rollcall as a program of its own: not an adapter, and run like one. */
interface ServiceProgram<Config extends ServiceConfig> {
  /** Stands in each line of its log. */
  readonly name: string;
  createLog(settings: { readonly name: string; readonly level: string; readonly format: LogFormat }): Log;
  /** @param commands arguments of the command line that are no options. @throws ConfigError */
  load(env: NodeJS.ProcessEnv, commands: readonly string[]): Config;
  /** What the command line asks for instead of serving; `undefined`: it asks for nothing. Resolves with the exit status. */
  command?(
    commands: readonly string[],
    config: Config,
    environment: ServiceEnvironment,
  ): Promise<number> | undefined;
  /** Begins to serve. What is in `begun` is ended when the service stops. Resolves with what the line `ready` says. */
  begin(
    config: Config,
    environment: ServiceEnvironment,
    begun: ResourceStack,
    mayLook: Parameters<Work<object>['begin']>[1],
  ): Promise<object>;
}

/**
 * Runs a service as a process of its own: reads the configuration from the environment, begins, and stops when asked to. With
 * `--print-config` it shows the effective configuration instead.
 */
export function runService<Config extends ServiceConfig>(program: ServiceProgram<Config>): Promise<void> {
  const { name, createLog } = program;
  // Until the configuration is read. Then it is known how the log is to be written.
  let log = codedLog(createLog({ name, level: 'error', format: logFormatOf(process.env) }));

  async function main(): Promise<number> {
    refuseLibraryDebug(process.env);
    const commands = process.argv.slice(2).filter((argument) => argument !== '--print-config');
    const config = program.load(process.env, commands);
    if (process.argv.includes('--print-config')) {
      process.stdout.write(printConfig(config.effective));
      return exitStatus.stopped;
    }
    const { logLevel: level, logFormat: format } = config.values;
    log = codedLog(createLog({ name, level, format }));
    tellLeftAside(config, log);
    const environment = { clock, random, log };
    const asked = program.command?.(commands, config, environment);
    if (asked) return asked;
    await runUntilStopped({
      log,
      looksAt: 'certificates and tokens',
      begin: (begun, mayLook) => program.begin(config, environment, begun, mayLook),
      ready: (running) => log.info({ ...running }, 'ready'),
    });
    return exitStatus.stopped;
  }

  return runProcess(main, () => log);
}
