import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { EventSink } from '@rollcall/core/sink';
import type { ChangeNotifications, IdentifierRule } from '@rollcall/core/registry';
import type { Options, ValuesOf } from '@rollcall/options';
import type { ChosenModule, OptionModule } from '@rollcall/options/module';
import type { FollowedSet } from '@rollcall/file-follower';

/**
 * A kind of messaging network, as the package that sends to it brings it to adapters: its options, what is wrong with them, what is in
 * force where they are not set, and what sends. The kit knows no such network: it reads the options, and uses what is made.
 */
export interface MessagingModule<Set extends Options = Options> extends OptionModule<Set> {
  /**
   * What is in force where an option is not set, for `--print-config`.
   *
   * @param textOf the text of an option, by its name without prefix; its default, where it has one and is not set.
   */
  inForce(textOf: (name: string) => string | undefined): readonly InForce[];
  /** Tenants that the network cannot carry. */
  tenantRules(values: ValuesOf<Set>): readonly IdentifierRule[];
  /** @throws ConfigError where what the options name cannot be used, as a file that is not there. */
  create(values: ValuesOf<Set>, context: MessagingContext): Messaging;
  /** Listens to what is told to everybody over the network. Absent: there is no such way. @throws as {@link create}. */
  openNotifications?(values: ValuesOf<Set>, context: MessagingContext): ChangeNotifications;
}

/** The text that an option has without being set, and why. */
export interface InForce {
  /** Name of the option, without prefix. */
  readonly option: string;
  readonly text: string;
  /** The preset that has it, or the name of the option that it follows from. */
  readonly because: { readonly preset: string } | { readonly follows: string };
}

/** What an adapter lends to a messaging module. */
export interface MessagingContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Type of the adapter, e.g. `hono-mqtt`: names it to the network. */
  readonly adapterType: string;
  /** Has files looked at, whose content may be replaced while the adapter runs. */
  followFiles(set: FollowedSet): void;
  /** The file that a secret was read from, by the name of its option; `undefined`: it is in the variable itself, or not set. */
  fileOf(name: string): string | undefined;
}

export interface Messaging {
  /** The sink for the Events API, called `events`. Made only where connection events go there. */
  eventsSink(): EventSink;
  /** Takes the data of devices to the network. */
  readonly sender: DeviceDataSender;
}

/** A module, and what its options say. */
export type ChosenMessaging = ChosenModule<MessagingModule>;
