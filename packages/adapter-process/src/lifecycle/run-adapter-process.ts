import {
  systemClock as clock,
  systemRandom as random,
  type Clock,
  type Log,
  type Random,
} from '@rollcall/core/environment';
import type { EventSink } from '@rollcall/core/sink';
import type { DeviceRegistry, IdentifierRule, PasswordVerifier } from '@rollcall/core/registry';
import type { AdapterParts } from '../composition/adapter-parts.ts';
import { inForce } from '../config/in-force.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { logFormatOf, type LogFormat } from '../config/log-format.ts';
import type { Options } from '@rollcall/options';
import { printConfig } from '../config/print-config.ts';
import { tellLeftAside } from '../config/tell-left-aside.ts';
import type { DirectoryModule } from '@rollcall/directory-module';
import type { MessagingModule } from '@rollcall/messaging-module';
import type { RegistryModule } from '@rollcall/registry-module';
import type { ProtocolAdapter } from '@rollcall/adapter-kit';
import { defaultAdapterId } from './default-adapter-id.ts';
import { refuseLibraryDebug } from './library-debug.ts';
import { exitStatus, runProcess } from './run-process.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { startConfigured } from './start-configured.ts';
import { logOfProcess } from '../messages/log-of-process.ts';
import { codedLog } from '../messages/coded-log.ts';
import { seatHere } from '../processes/child.ts';
import { planOfProcesses } from './plan-of-processes.ts';
import { runProcesses } from './run-processes.ts';
import { runSeat } from './run-seat.ts';
import { tellOfDrain } from './tell-of-drain.ts';

export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** An adapter as a program of its own. */
export interface AdapterProgram<Own extends Options> {
  /** Stands in each line of its log. */
  readonly name: string;
  createLog(settings: LogSettings): Log;
  /** Kinds of messaging network that it can send to. Which one it uses, the configuration says. */
  readonly messaging: readonly MessagingModule[];
  /** Kinds of engine by which it can be part of a fleet; default: none. */
  readonly directories?: readonly DirectoryModule[];
  /** Kinds of device registry that it can ask, beside a file; default: none. */
  readonly registries?: readonly RegistryModule[];
  /** @param messaging and `directories`, `registries`: the modules of the program, whose options are read too. */
  load(
    env: NodeJS.ProcessEnv,
    messaging: readonly MessagingModule[],
    directories: readonly DirectoryModule[],
    registries: readonly RegistryModule[],
  ): LoadedConfig<Own>;
  compose(config: LoadedConfig<Own>): Composition;
}

export interface LogSettings {
  readonly name: string;
  /** Least severe line that is written. */
  readonly level: string;
  readonly format: LogFormat;
}

/** What an app brings along: its adapter, and the implementations of the ports that it was composed with. */
export interface Composition {
  readonly adapter: ProtocolAdapter;
  readonly maxConnections: number;
  /** Opens a registry file. */
  openRegistry(
    options: Environment & {
      readonly file: string;
      readonly holdMs: number;
      readonly tenantRules: readonly IdentifierRule[];
      /** Where the names of what is served may be kept for the next start; absent: nowhere. */
      readonly rememberIn?: string;
    },
  ): Promise<DeviceRegistry>;
  createPasswords(options: Environment): PasswordVerifier & { close(): Promise<void> };
  /** Observers of the adapter, beside its metrics. */
  readonly observers?: AdapterParts['observers'];
  createLoggerSink(options: { readonly log: Log; readonly level: 'info' | 'debug' }): EventSink;
}

/**
 * Runs an adapter as a process of its own: reads the configuration from the environment, starts, and stops when asked to.
 * With `--print-config` it shows the effective configuration instead.
 */
export function runAdapterProcess<Own extends Options>(program: AdapterProgram<Own>): Promise<void> {
  const { name, createLog, messaging, directories = [], registries = [] } = program;
  // Until the configuration is read. Then it is known how the log is to be written.
  let log = codedLog(createLog({ name, level: 'error', format: logFormatOf(process.env) }));
  const main = async (): Promise<number> => {
    refuseLibraryDebug(process.env);
    const config = program.load(process.env, messaging, directories, registries);
    if (process.argv.includes('--print-config')) {
      const adapterId = defaultAdapterId(program.compose(config).adapter);
      process.stdout.write(printConfig(inForce(config.effective, { messaging, adapterId })));
      return exitStatus.stopped;
    }
    const { kit } = config;
    const seat = seatHere();
    const written = codedLog(createLog({ name, level: kit.logLevel, format: kit.logFormat }));
    log = logOfProcess(written, seat?.number);
    const composition = program.compose(config);
    if (seat) return runSeat(config, composition, seat, log);
    tellLeftAside(config, log);
    const plan = planOfProcesses(config, composition);
    return plan ? runProcesses(config, plan, log) : runAdapter(config, composition, log);
  };
  return runProcess(main, () => log);
}

/** Until it was asked to stop, and has. Resolves with the exit status. */
async function runAdapter(
  config: LoadedConfig<Options>,
  composition: Composition,
  log: Log,
): Promise<number> {
  const running = await runUntilStopped({
    log,
    looksAt: 'the registry, certificates and secrets',
    begin: (begun, mayLook) => startConfigured(config, composition, { clock, random, log }, begun, mayLook),
    ready({ listening, healthPort, identity }) {
      tellOfDrain(composition, config.kit, log);
      log.info({ listening, healthPort, ...identity }, 'ready');
    },
  });
  return running.lost.length > 0 ? exitStatus.eventsLost : exitStatus.stopped;
}
