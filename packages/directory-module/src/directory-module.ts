import type { Clock, Log, Random } from '@rollcall/core/environment';
import type {
  AskForAnnouncements,
  CreateDirectory,
  CreateUndertaker,
  InspectFleet,
} from '@rollcall/core/directory';
import type { FollowedSet } from '@rollcall/file-follower';
import type { Options, ValuesOf } from '@rollcall/options';
import type { OptionModule } from '@rollcall/options/module';

/**
 * A kind of engine that keeps the connections of a fleet of adapters, in the form in which its package offers it to
 * adapters. The kit knows no engine: it reads the options, and uses what `create` returns.
 */
export interface DirectoryModule<Set extends Options = Options> extends OptionModule<Set> {
  /** Opens nothing yet. @throws ConfigError if something that the options name cannot be used, e.g. a file that does not exist. */
  create(values: ValuesOf<Set>, context: FleetEngineContext): FleetEngine;
}

/** What an adapter, or a tool, provides to a directory module. */
export interface FleetEngineContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Makes the process follow files whose content may be replaced while it runs. */
  followFiles(set: FollowedSet): void;
  /** The file that a secret was read from, by the name of its option; `undefined`: it is in the variable itself, or not set. */
  fileOf(name: string): string | undefined;
}

/** What can be opened on an engine. Each closes what it opened. */
export interface FleetEngine {
  readonly join: CreateDirectory;
  readonly createUndertaker: CreateUndertaker;
  readonly inspect: InspectFleet;
  readonly askForAnnouncements: AskForAnnouncements;
}
