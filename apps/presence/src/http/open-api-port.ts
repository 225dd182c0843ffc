import { followPair, tlsListenerOf } from '@rollcall/adapter-kit/internal';
import type { Clock, Log } from '@rollcall/core';
import type { FollowedFiles } from '@rollcall/file-follower';
import type { PresenceValues } from '../config.ts';
import type { ApiContext } from './api-context.ts';
import { createApp } from './create-app.ts';
import type { HealthTexts } from './health-routes.ts';
import { createBoundedServer, listen, type Listening, type ListenOptions } from './listen.ts';

export interface ApiPortParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: FollowedFiles;
  turnedAway: ListenOptions['turnedAway'];
}

/** The port of the API, with everything that is served on it. @throws ConfigError, TransportError */
export async function openApiPort(
  values: PresenceValues,
  context: ApiContext,
  health: HealthTexts,
  { clock, log, files, turnedAway }: ApiPortParts,
): Promise<Listening> {
  const tls = tlsListenerOf('PRESENCE', {
    ...values,
    port: values.apiPort,
    secureProtocols: values.apiProtocols,
    cipherSuites: values.apiCipherSuites,
  });
  const options = {
    host: values.bindAddress,
    port: values.apiPort,
    ...(tls && { tls }),
    maxConnections: values.maxConnections,
    clock,
    log,
    failed: context.failed,
    turnedAway,
  };
  const app = await createApp(context, health, (serve) => createBoundedServer(options, serve));
  const listening = await listen(app.server, options);
  if (tls) followPair('presence', tls, { clock, followFiles: files.follow }, (pair) => listening.use(pair));
  return listening;
}
