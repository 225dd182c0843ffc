/**
 * Why an adapter is not wholly ready: the `code` of a check in `/readiness` that is not `UP`. `docs/errors.md` says what each
 * means and what to do.
 */
export const readinessCauses = [
  'ADAPTER_NOT_RUNNING',
  'REGISTRY_NOT_CURRENT',
  'REGISTRY_DEVICES_HELD',
  'REGISTRY_SERVICE_AWAY',
  'REGISTRY_CHANGES_NOT_HEARD',
  'JOURNAL_BEHIND',
  'FLEET_AWAY',
  'FLEET_CATCHING_UP',
  'FLEET_RESTRICTED',
  'FILES_NOT_CURRENT',
  'NETWORK_NOT_CONFIGURED',
  'NETWORK_NOT_CONNECTED',
  'SINK_NOT_CONNECTED',
  'EVENTS_NOT_CONFIRMED',
  'TENANTS_REFUSED',
] as const;

/** The same of the parent of several processes. */
export const processCauses = ['PROCESS_RESTARTING', 'PROCESS_SILENT'] as const;

/** The same of the presence service. */
export const presenceCauses = [
  'SERVICE_NOT_RUNNING',
  'DATABASE_AWAY',
  'EVENTS_NOT_RECEIVED',
  'ANSWERS_OLD',
] as const;

/** The same of the device registry, beside those that it has in common with the others. */
export const registryCauses = ['CHANGES_NOT_SENT', 'DATABASE_NOT_WRITTEN'] as const;

export type ReadinessCause = (
  | typeof readinessCauses
  | typeof processCauses
  | typeof presenceCauses
  | typeof registryCauses
)[number];
