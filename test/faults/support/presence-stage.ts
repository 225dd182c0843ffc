import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createMessaging } from '@rollcall/amqp-sender';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { ConnectionEvent } from '@rollcall/core/events';
import { freePort } from '../../e2e/support/ports.ts';
import { restartable, type Restartable } from './restartable.ts';

/** The embedded network and the presence service, as processes. */
export interface PresenceStage {
  readonly network: Restartable;
  readonly services: readonly [Restartable, ...Restartable[]];
  /** Of each service. */
  readonly urls: readonly [string, ...string[]];
  start(): Promise<void>;
  /** Sends an event as the outbox of an adapter does: until it is confirmed. */
  deliver(event: ConnectionEvent): Promise<void>;
  strike(): Promise<void>;
}

/** @param database of replicas; one service has its own. @param environment replaces some of each service. */
export function setPresenceStage({
  replicas = 1,
  database,
  environment = {},
}: {
  replicas?: number;
  database?: string;
  environment?: Readonly<Record<string, string>>;
} = {}): PresenceStage {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-presence-faults-'));
  const networkPort = freePort();
  const network = restartable({
    app: 'rollcall',
    args: ['network', '--port', String(networkPort), '--data', join(directory, 'network')],
    isReady: ({ stdout, stderr }) =>
      [...stdout, ...stderr].some((line) => line.includes('accepts every password')),
  });
  const places = Array.from({ length: replicas }, () => ({ api: freePort(), health: freePort() }));
  const services = places.map(({ api, health }) =>
    restartable({
      app: 'presence',
      environment: {
        ROLLCALL_MESSAGING_HOST: '127.0.0.1',
        ROLLCALL_MESSAGING_PORT: String(networkPort),
        ROLLCALL_PRESENCE_OPEN: 'true',
        ROLLCALL_PRESENCE_PORT: String(api),
        ROLLCALL_PRESENCE_DIRECTORY: join(directory, 'presence'),
        ...(database !== undefined && { ROLLCALL_PRESENCE_DATABASE: database }),
        ROLLCALL_HEALTH_PORT: String(health),
        ...environment,
      },
      // Its subscription is there: what is sent from now on is kept for it.
      isReady: ({ stdout }) => stdout.some((line) => line.includes('following the connection events')),
    }),
  );
  const messaging = createMessaging({
    ...{ host: '127.0.0.1', port: networkPort, containerName: 'faults', sendTimeoutMs: 2_000 },
    ...{ clock: systemClock, random: systemRandom, log: silentLog },
  });
  void messaging.sender.close();
  const sink = messaging.eventsSink();
  return {
    network,
    services: services as unknown as PresenceStage['services'],
    urls: places.map(({ api }) => `http://127.0.0.1:${api}`) as unknown as PresenceStage['urls'],
    async start() {
      await network.start();
      for (const service of services) await service.start();
    },
    async deliver(event) {
      for (;;) {
        const outbound = { event, downstream: { defaults: {} } };
        const { status } = await sink.deliver(outbound, new AbortController().signal);
        if (status === 'delivered') return;
        await pause(50);
      }
    },
    async strike() {
      await sink.close();
      for (const each of [...services, network]) await each.end('SIGKILL').catch(() => {});
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
