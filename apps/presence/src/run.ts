import { runService } from '@rollcall/adapter-process/internal';
import { redis } from '@rollcall/directory-redis';
import { createLog } from '@rollcall/logger-sink';
import { loadPresenceConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { startService } from './service.ts';

await runService({
  name: 'presence',
  createLog,
  load: (env) => loadPresenceConfig(env, [redis]),
  async begin(config, environment, begun, mayLook) {
    const store = await openStore(config, environment);
    begun.defer(() => store.close());
    return startService({ config, store, ...environment, mayLook }, begun);
  },
});
