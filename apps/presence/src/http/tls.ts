import { ConfigError } from '@rollcall/core';
import { checkNewPair, checkPair, type FollowedFiles, type PemPair } from '@rollcall/file-follower';
import { defaultTlsChoice, readPem, tlsChoice } from '@rollcall/options';
import type { PresenceValues } from '../config.ts';
import type { ListenOptions } from './listen.ts';

const [keyOption, certOption] = ['ROLLCALL_PRESENCE_KEYPATH', 'ROLLCALL_PRESENCE_CERTPATH'];

/** With which certificate to listen; `undefined`: without TLS. @throws ConfigError where it cannot be used. */
export function tlsOf({
  keyPath,
  certPath,
  apiProtocols,
  apiCipherSuites,
}: PresenceValues): ListenOptions['tls'] | undefined {
  if (keyPath === undefined || certPath === undefined) return undefined;
  const pair = { key: readPem(keyOption, keyPath), cert: readPem(certOption, certPath) };
  try {
    checkPair(pair);
  } catch (error) {
    throw new ConfigError([
      `${keyOption} and ${certOption}: ${keyPath}, ${certPath}: ${(error as Error).message}`,
    ]);
  }
  return { ...pair, choice: tlsChoice(apiProtocols, apiCipherSuites) ?? defaultTlsChoice };
}

/** Shows a new certificate once there is one in the files. */
export function followTls(
  { keyPath, certPath }: PresenceValues,
  begun: PemPair,
  files: Pick<FollowedFiles, 'follow'>,
  clock: { now(): number },
  use: (pair: PemPair) => void,
): void {
  if (keyPath === undefined || certPath === undefined) return;
  let used = begun;
  files.follow({
    name: 'presence',
    files: [keyPath, certPath],
    expiresAt: checkPair(begun).expiresAt,
    use([key = '', cert = '']) {
      if (key === used.key && cert === used.cert) return { changed: false };
      const { expiresAt } = checkNewPair({ key, cert }, clock.now() as Parameters<typeof checkNewPair>[1]);
      used = { key, cert };
      use(used);
      return { changed: true, expiresAt };
    },
  });
}
