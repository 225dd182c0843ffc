import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { ChangeNotifications, DeviceRegistry, IdentifierRule } from '@rollcall/core/registry';
import type { FollowedSet } from '@rollcall/file-follower';
import type { Options, ValuesOf } from '@rollcall/options';
import type { OptionModule } from '@rollcall/options/module';

/**
 * A kind of device registry that is no file, as the package that asks it brings it to adapters. `ROLLCALL_REGISTRY_KIND` chooses it by
 * its name. The kit knows no such registry: it reads the options, and uses what is opened. An adapter that uses a file should
 * load no more of it than this.
 */
export interface RegistryModule<Set extends Options = Options> extends Omit<OptionModule<Set>, 'chosenBy'> {
  /** @throws ConfigError where what the options name cannot be used, as a file that is not there. */
  open(values: ValuesOf<Set>, context: RegistryContext): Promise<DeviceRegistry>;
}

/** What an adapter lends to a registry module. */
export interface RegistryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Type of the adapter, e.g. `hono-mqtt`: names it to the registry. */
  readonly adapterType: string;
  /** Tenants that cannot be, beside those that no registry may have. */
  readonly tenantRules: readonly IdentifierRule[];
  /** Has files looked at, whose content may be replaced while the adapter runs. */
  followFiles(set: FollowedSet): void;
  /** The file that a secret was read from, by the name of its option; `undefined`: it is in the variable itself, or not set. */
  fileOf(name: string): string | undefined;
  /** Opens a way to hear of changes over the messaging network; `undefined`: there is none, or it has no such way. */
  openNotifications(): ChangeNotifications | undefined;
}
