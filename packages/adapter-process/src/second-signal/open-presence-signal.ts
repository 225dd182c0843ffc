import type { Clock, Log } from '@rollcall/core/environment';
import type { PublishingSignal } from '@rollcall/core/directory';
import type { FollowedSet } from '@rollcall/file-follower';
import { variableOf } from '@rollcall/options';
import type { Effective } from '@rollcall/options/internal';
import { filesOfSecrets, followClientSecrets } from '@rollcall/options/module';
import { readPem } from '@rollcall/options/tls';
import { askPresence } from './ask-presence.ts';
import { PresenceSignal } from './presence-signal.ts';

/** What of the options of an adapter says whom it asks whether others still publish. */
export interface PresenceSignalValues {
  readonly presenceUrls?: readonly string[] | undefined;
  readonly presenceToken?: string | undefined;
  readonly presenceTrustStore?: string | undefined;
  readonly presenceWaitMs: number;
}

/** The second signal that the configuration names; `undefined`: none. Token and authorities may be replaced while it is in use. */
export function openPresenceSignal(
  {
    presenceUrls: urls,
    presenceToken,
    presenceTrustStore: trustStore,
    presenceWaitMs: waitMs,
  }: PresenceSignalValues,
  effective: readonly Effective[],
  context: { readonly clock: Clock; readonly log: Log; followFiles(set: FollowedSet): void },
): PublishingSignal | undefined {
  if (urls === undefined) return undefined;
  const { clock, log } = context;
  const ca = trustStore && readPem(variableOf('DIRECTORY_PRESENCETRUSTSTOREPATH'), trustStore);
  const secrets = followClientSecrets(
    'fleet-presence',
    { password: presenceToken, tls: { ca } },
    { trustStore, password: filesOfSecrets(effective)('DIRECTORY_PRESENCETOKEN') },
    context,
  );
  const ask = (url: string, instance: string, until: AbortSignal) => {
    const { password: token, tls } = secrets();
    return askPresence(url, instance, { token, ca: tls?.ca }, until);
  };
  return new PresenceSignal({ clock, log, urls, waitMs, ask });
}
