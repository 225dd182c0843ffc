import type { ObservedState, AppMetrics } from '@rollcall/adapter-kit';

/** What is known of a registry that answers from what it read earlier. */
export function addRegistryMetrics({ gauge }: AppMetrics, { state }: ObservedState['registry']): void {
  const seconds = (at: number | undefined): number => (at ?? 0) / 1_000;
  gauge(
    {
      name: 'rollcall_registry_loaded_timestamp_seconds',
      help: 'When the device registry that is answered from was loaded, in Unix time',
    },
    () => seconds(state().loadedAt),
  );
  gauge(
    {
      name: 'rollcall_registry_failed_timestamp_seconds',
      help: 'When the device registry last could not be read, or not be used, in Unix time; 0: never',
    },
    () => seconds(state().failedAt),
  );
  gauge(
    {
      name: 'rollcall_registry_current',
      help: '0 while the device registry that is stored is not the one that is answered from',
    },
    () => (state().current ? 1 : 0),
  );
  gauge(
    { name: 'rollcall_registry_devices', help: 'Devices in the device registry that is answered from' },
    () => state().devices,
  );
  gauge(
    {
      name: 'rollcall_registry_held_devices',
      help: 'Devices that are missing in the device registry, and kept until it is sure that this is meant',
    },
    () => state().heldDevices,
  );
}
