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
 * A kind of engine that keeps what a fleet of adapters knows of its connections, as the package that speaks to it brings it to
 * adapters. The kit knows no such engine: it reads the options, and uses what is made.
 */
export interface DirectoryModule<Set extends Options = Options> extends OptionModule<Set> {
  /** Opens nothing yet. @throws ConfigError where what the options name cannot be used, as a file that is not there. */
  create(values: ValuesOf<Set>, context: FleetEngineContext): FleetEngine;
}

/** What an adapter, or a tool, lends to a directory module. */
export interface FleetEngineContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Has files looked at, whose content may be replaced while the process runs. */
  followFiles(set: FollowedSet): void;
  /** The file that a secret was read from, by the name of its option; `undefined`: it is in the variable itself, or not set. */
  fileOf(name: string): string | undefined;
}

/** The ways to an engine. Whatever is made with one closes what it opened. */
export interface FleetEngine {
  readonly join: CreateDirectory;
  readonly createUndertaker: CreateUndertaker;
  readonly inspect: InspectFleet;
  readonly askForAnnouncements: AskForAnnouncements;
}
