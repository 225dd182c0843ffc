import type { Script } from '../scripts/script.ts';

/** Commands that only look. */
type Read = 'EXISTS' | 'HGET' | 'HGETALL' | 'HKEYS' | 'HLEN' | 'HVALS';

/** What the directory uses of a server that speaks the Redis protocol. Nothing is queued while it cannot be reached. */
export interface Engine {
  /** Rejects where no answer came, or with what the engine said; see {@link isRefusal}. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  read(command: Read, key: string, ...args: readonly string[]): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  /** Fields of `INFO`, by name. */
  info(section: 'server' | 'memory'): Promise<ReadonlyMap<string, string>>;
  /** Hears another channel from now on, and no other. */
  listenTo(channel: string): void;
  close(): void;
}

/** Called at any time after the engine was opened. Must not throw. */
export interface EngineListener {
  /** Commands go through (again). What was under way before may be lost. */
  commandsReady(): void;
  /** No command goes through any more. */
  commandsLost(cause: Error): void;
  /** What is published to the channel arrives (again). What was published before may be lost. */
  subscribed(): void;
  /** Somebody published this to the channel. */
  published(message: string): void;
}

/** @param channel to hear; absent: only commands. */
export type OpenEngine = (listener: EngineListener, channel?: string) => Engine;

/** What an engine says that serves nobody at the moment. */
const away =
  /^(?:OOM|READONLY|MOVED|ASK|LOADING|CLUSTERDOWN|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM|UNKILLABLE)\b/;

/** Whether the engine is there, and refused what it was asked, e.g. since a key holds something foreign. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && !away.test(error.message);
}
