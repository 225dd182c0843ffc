import { consumerSettings } from '@rollcall/amqp-sender/internal';
import { consume, type ConsumeOptions, type EventConsumer, type Trouble } from '@rollcall/client';
import { ConfigError } from '@rollcall/core';
import { silentLog, type Log } from '@rollcall/core/environment';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';
import { reach, type Destination } from './reach.ts';
import { LeftToOthers, onlyOthers, takeOther } from './take-other.ts';
import { watchedSource, type Watched } from './watched-source.ts';

export interface WatchOptions extends Destination, Watched {
  /** Writes a line for people. */
  tell(line: string): void;
  onEvent(event: ReceivedEvent | HonoConnectionEvent): void;
  /** Called when events can arrive, and when they no longer can. */
  onStateChange?(attached: boolean): void;
}

export interface Watch {
  /** Resolves when events can arrive; rejects when the watch is closed before. */
  readonly ready: Promise<void>;
  /** Resolves with what is wrong, if waiting does not help. */
  readonly hopeless: Promise<string>;
  close(): Promise<void>;
}

/**
 * Receives connection events to show them. Other messages are left to other consumers if there may be some.
 *
 * @throws ConfigError when there is no such source.
 */
export function watch(options: WatchOptions): Watch {
  const { tell, onEvent } = options;
  const settings = reach(options, process.env);
  const found = watchedSource(settings.network, options);
  if ('problem' in found) throw new ConfigError([found.problem]);
  const foreign = tellOnce(tell);
  return openWatch(
    {
      ...consumerSettings(settings),
      ...found.source,
      log: errorsOnly(tell),
      onEvent,
      onStateChange: (attached) => options.onStateChange?.(attached),
      onOther(message) {
        takeOther(message, found.shared, foreign, onEvent);
      },
    },
    tell,
  );
}

/** Consumes, and reports each outage once. */
export function openWatch(options: ConsumeOptions, tell: (line: string) => void): Watch {
  const { promise: hopeless, resolve: giveUp } = Promise.withResolvers<string>();
  let attachedBefore = false;
  let told = false;
  const consumer: EventConsumer = consume({
    ...options,
    onTrouble({ text, lasting }: Trouble) {
      if (lasting) return giveUp(text);
      if (!told) tell(`${text}; trying again`);
      told = true;
    },
    // Only messages that are not events are ever given back.
    onFull: () => giveUp(onlyOthers),
    onStateChange(attached, cause) {
      options.onStateChange?.(attached, cause);
      if (attached && attachedBefore) tell('connected to the Events API again');
      if (attached) [attachedBefore, told] = [true, false];
    },
  });
  return { ready: consumer.ready, hopeless, close: () => consumer.close() };
}

/** Sources of foreign events that are reported. */
const maxTold = 100;

function tellOnce(tell: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (told.has(line) || told.size >= maxTold) return;
    told.add(line);
    tell(line);
  };
}

function errorsOnly(tell: (line: string) => void): Log {
  return {
    ...silentLog,
    error(facts, message) {
      const { err } = facts as { readonly err?: unknown };
      if (!(err instanceof LeftToOthers))
        tell(err instanceof Error ? `${message} (${err.message})` : message);
    },
  };
}
