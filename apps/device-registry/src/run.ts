import { codedLog, printConfig, logFormatOf, libraryDebugProblems } from '@rollcall/adapter-process/internal';
import { exitStatus, runProcess, runUntilStopped, tellLeftAside } from '@rollcall/adapter-process/internal';
import { ConfigError, systemClock as clock, systemRandom as random, type Log } from '@rollcall/core';
import { createLog } from '@rollcall/logger-sink';
import { loadRegistryConfig, type RegistryConfig } from './config.ts';
import { startService } from './service.ts';
import { openStore } from './open-store.ts';
import { runTransfer } from './transfer/run-transfer.ts';
import { importFirst } from './transfer/import-first.ts';

const name = 'device-registry';
// Until the configuration is read. Then it is known how the log is to be written.
let log = codedLog(createLog({ name, level: 'error', format: logFormatOf(process.env) }));

await runProcess(main, () => log);

async function main(): Promise<number> {
  const debugging = libraryDebugProblems(process.env);
  if (debugging.length > 0)
    throw new ConfigError(debugging.map((text) => ({ code: 'DEBUG_SHOWS_SECRETS', text })));
  const [action, ...files] = process.argv.slice(2).filter((argument) => argument !== '--print-config');
  const config = loadRegistryConfig(process.env, action === undefined);
  if (process.argv.includes('--print-config')) {
    process.stdout.write(printConfig(config.effective));
    return exitStatus.stopped;
  }
  log = codedLog(createLog({ name, level: config.values.logLevel, format: config.values.logFormat }));
  tellLeftAside(config, log);
  if (action !== undefined) return runTransfer(action, files, config, { clock, log });
  return serve(config, log);
}

/** Until it was asked to stop, and has. Resolves with the exit status. */
async function serve(config: RegistryConfig, to: Log): Promise<number> {
  await runUntilStopped({
    log: to,
    looksAt: 'certificates and tokens',
    async begin(begun, mayLook) {
      const store = await openStore(config, { clock, log: to });
      begun.defer(() => store.close());
      await importFirst(config, { store, clock, log: to });
      return startService({ config, store, clock, random, log: to, mayLook }, begun);
    },
    ready: (running) => to.info({ ...running }, 'ready'),
  });
  return exitStatus.stopped;
}
