import { TransportError } from '@rollcall/core';
import { silentLog, sleep, type Clock } from '@rollcall/core/environment';
import type { Engine, OpenEngine } from '../engine/engine.ts';
import { ForeignValues } from '../state/foreign-values.ts';
import { createTallies } from '../state/tallies.ts';
import { Asker } from './asker.ts';

const withinMs = 5_000;

/** The engine, for a caller that does not join the fleet. */
export interface EngineForOnce {
  readonly engine: Engine;
  readonly asker: Asker;
  readonly foreign: ForeignValues;
  noAnswer(): TransportError;
}

/** Asks the engine something without joining the fleet, and closes the connection. @throws TransportError if no answer comes in time. */
export async function withEngine<Result>(
  openEngine: OpenEngine,
  clock: Clock,
  ask: (at: EngineForOnce) => Promise<Result>,
): Promise<Result> {
  let lastCause: string | undefined;
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const engine = openEngine({
    commandsReady: () => ready(),
    commandsLost: ({ message }) => (lastCause = message),
    subscribed() {},
    published() {},
  });
  const tallies = createTallies();
  const foreign = new ForeignValues(clock, silentLog, tallies);
  const asker = new Asker({
    clock,
    foreign,
    tallies,
    deviceWaitMs: 0,
    engine: () => engine,
    tooManyMisses() {},
  });
  const noAnswer = (): TransportError =>
    new TransportError(`the connection directory did not answer: ${lastCause ?? asker.lastFailure}`);
  try {
    return await Promise.race([
      isReady.then(() => ask({ engine, asker, foreign, noAnswer })),
      sleep(clock, withinMs).then(() => Promise.reject(noAnswer())),
    ]);
  } finally {
    engine.close();
  }
}
