import type { Log } from '@rollcall/core/environment';
import type { Engine } from '../engine/engine.ts';

/** Logs a warning if the engine, when its memory is full, drops entries instead of refusing new ones. */
export async function checkEviction(engine: Pick<Engine, 'info'>, log: Log): Promise<void> {
  const policy = await engine.info('memory').then(
    (fields) => fields.get('maxmemory_policy'),
    () => undefined,
  );
  if (policy === undefined)
    log.info(
      {},
      'connection directory does not say what it does when its memory is full: it should be noeviction',
    );
  else if (policy !== 'noeviction')
    log.warn(
      { maxmemoryPolicy: policy },
      'connection directory may drop what it was told: maxmemory-policy must be noeviction',
    );
}
