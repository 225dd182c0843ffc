import type { Log } from '@rollcall/core/environment';
import { ResourceStack } from './resource-stack.ts';

/**
 * Begins things one after the other; where one of them fails, those before it are ended in reverse order, and what it threw is
 * thrown. Where `begin` succeeds, its result is what ends them.
 */
export async function beginAll<Begun>(
  begin: (resources: ResourceStack) => Promise<Begun>,
  log: Log,
): Promise<Begun> {
  const resources = new ResourceStack();
  try {
    return await begin(resources);
  } catch (cause) {
    await resources
      .disposeAsync()
      .catch((error: unknown) => log.error({ err: error }, 'a part that had started could not be closed'));
    throw cause;
  }
}
