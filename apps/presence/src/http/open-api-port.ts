import type { Clock, Log } from '@rollcall/core/environment';
import type { FollowedFiles } from '@rollcall/file-follower';
import { openHttpPort, type HealthTexts, type Listening, type ListenOptions } from '@rollcall/http-service';
import type { PresenceValues } from '../config.ts';
import type { ApiContext } from './api-context.ts';
import { createApp } from './create-app.ts';

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
  parts: ApiPortParts,
): Promise<Listening> {
  const own = {
    ...values,
    port: values.apiPort,
    secureProtocols: values.apiProtocols,
    cipherSuites: values.apiCipherSuites,
  };
  return openHttpPort(
    { ...parts, name: 'presence', section: 'PRESENCE', values: own, failed: context.failed },
    (serve) => createApp(context, health, serve),
  );
}
