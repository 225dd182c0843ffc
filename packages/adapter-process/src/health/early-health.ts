import type { Log } from '@rollcall/core/environment';
import { checkOfAdapter } from './check-of-adapter.ts';
import { startHealthServer, type HealthServer, type HealthServerOptions } from './health-server.ts';

export type HealthAnswers = Omit<HealthServerOptions, 'host' | 'port' | 'log'>;

/** A health server that answers before the adapter has started: a large registry may take a minute to load. */
export interface EarlyHealth extends HealthServer {
  /** Gives these answers from now on. */
  become(answers: HealthAnswers): void;
}

/** At first it says that the adapter starts. @throws TransportError if the port cannot be bound. */
export async function startEarlyHealth(options: {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}): Promise<EarlyHealth> {
  let answers = startingUp(options.log);
  const server = await startHealthServer({
    ...options,
    failed: (where, error) => answers.failed(where, error),
    turnedAway: (remoteIp) => answers.turnedAway(remoteIp),
    started: () => answers.started(),
    readiness: () => answers.readiness(),
    liveness: () => answers.liveness?.() ?? [{ name: 'event-loop-blocked-check', status: 'UP' }],
    metrics: () => answers.metrics(),
  });
  return {
    port: server.port,
    close: () => server.close(),
    become(next) {
      answers = next;
    },
  };
}

function startingUp(log: Log): HealthAnswers {
  const down = () => [checkOfAdapter(false)];
  return {
    failed: (where, error) => log.error({ where, err: error }, 'serving one peer failed'),
    turnedAway: () => {},
    started: down,
    readiness: down,
    // Nothing is counted yet.
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' }),
  };
}
