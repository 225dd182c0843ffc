import type { Script } from '../scripts/script.ts';

/** Commands that only read. */
type Read = 'EXISTS' | 'HGET' | 'HGETALL' | 'HKEYS' | 'HLEN' | 'HVALS';

/** What the directory uses of a server that speaks the Redis protocol. Nothing is queued while it cannot be reached. */
export interface Engine {
  /** Rejects if no answer came, or with the error of the engine; see {@link isRefusal}. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  read(command: Read, key: string, ...args: readonly string[]): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  /** Fields of `INFO`, by name. Of a cluster, those of one node: of one that may drop entries, if there is one. */
  info(section: 'server' | 'memory'): Promise<ReadonlyMap<string, string>>;
  /** Subscribes to this channel instead of the earlier one. */
  listenTo(channel: string): void;
  close(): void;
}

/** Called at any time after the engine was opened. Must not throw. */
export interface EngineListener {
  /** Commands go through (again). Commands that were under way before may be lost. */
  commandsReady(): void;
  /** No command goes through any more. */
  commandsLost(cause: Error): void;
  /** Messages of the channel arrive (again). Messages that were published before may be lost. */
  subscribed(): void;
  /** No messages arrive any more, or the engine refuses them for this reason. */
  unsubscribed?(refusal?: string): void;
  /** A message came on the channel. */
  published(message: string): void;
}

/** @param channel to subscribe to; absent: the engine is for commands only. */
export type OpenEngine = (listener: EngineListener, channel?: string) => Engine;

/** Error replies of an engine that cannot serve anyone at the moment. */
const away =
  /^(?:OOM|READONLY|MOVED|ASK|LOADING|CLUSTERDOWN|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM|UNKILLABLE)\b/;

const notPermitted = /^NOPERM\b|The user executing the script|ACL failure in script/;

/** Whether the user may not do this. */
export function isNotPermitted(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError' && notPermitted.test(error.message);
}

/** Whether the engine is there and refused the command, e.g. because a key holds a foreign value. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && !away.test(error.message);
}
