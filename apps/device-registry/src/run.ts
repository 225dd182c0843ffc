import { runService } from '@rollcall/adapter-process/internal';
import { createLog } from '@rollcall/logger-sink';
import { loadRegistryConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { startService } from './service.ts';
import { importFirst } from './transfer/import-first.ts';
import { runTransfer } from './transfer/run-transfer.ts';

await runService({
  name: 'device-registry',
  createLog,
  load: (env, [action]) => loadRegistryConfig(env, action === undefined),
  command: ([action, ...files], config, environment) =>
    action === undefined ? undefined : runTransfer(action, files, config, environment),
  async begin(config, environment, begun, mayLook) {
    const store = await openStore(config, environment);
    begun.defer(() => store.close());
    await importFirst(config, { store, ...environment });
    return startService({ config, store, ...environment, mayLook }, begun);
  },
});
