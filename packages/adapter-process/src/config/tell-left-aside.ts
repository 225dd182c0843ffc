import type { Log } from '@rollcall/core/environment';
import type { ReadResult } from '@rollcall/options/internal';

/** Logs once which variables look like options of ours, or of Hono's, and are not. */
export function tellLeftAside(
  { warnings, serviceLinks }: Pick<ReadResult<{}>, 'warnings' | 'serviceLinks'>,
  log: Log,
): void {
  for (const warning of warnings) log.warn({}, warning);
  if (serviceLinks.length === 0) return;
  log.info(
    { variables: serviceLinks },
    'variables that Kubernetes sets for Services are left aside; `enableServiceLinks: false` in the pod keeps them away',
  );
}
