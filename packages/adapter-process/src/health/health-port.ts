import type { Log } from '@rollcall/core/environment';
import type { EarlyHealth, HealthAnswers } from './early-health.ts';
import { startHealthServer, type HealthServer } from './health-server.ts';

/** Where an adapter answers probes, if anywhere. It can be closed before it is open. */
export interface HealthPort {
  /** Answers so from now on. @throws TransportError where the port cannot be bound. */
  open(answers: HealthAnswers): Promise<void>;
  /** The bound port; absent where nothing is answered. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

/** @param early a server that is there already: it is taken over. */
export function createHealthPort(
  early: EarlyHealth | undefined,
  bind: { readonly host: string; readonly port: number } | undefined,
  log: Log,
): HealthPort {
  let server: HealthServer | undefined = early;
  return {
    async open(answers) {
      if (early) early.become(answers);
      else if (bind) server = await startHealthServer({ ...bind, ...answers, log });
    },
    get port() {
      return server?.port;
    },
    close: async () => server?.close(),
  };
}
