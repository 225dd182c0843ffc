import type { FleetEngineContext } from '@rollcall/directory-module';
import { certificatesIn, checkNewPair, checkPair } from '@rollcall/file-follower';
import { readPem, variableOf, withoutLineEnd, type ValuesOf } from '@rollcall/options';
import type { EngineCredentials, EngineTls } from '../engine/client-options.ts';
import type { EngineAddress } from '../engine/engine-address.ts';
import type { redisOptions } from './redis-options.ts';

type Values = ValuesOf<typeof redisOptions>;
type Change = { readonly changed: boolean };

/** What to log in with, and what to verify the server with. Each later connect uses what is in the files at that time. */
export function followCredentials(
  values: Values,
  address: EngineAddress,
  context: Pick<FleetEngineContext, 'followFiles' | 'fileOf' | 'clock'>,
): () => EngineCredentials {
  const username = values.username ?? address.username;
  let password = values.password ?? address.password;
  let tls = address.tls ? tlsOf(values) : undefined;
  const { sentinelUsername, sentinelPassword, trustStore, cert, key } = values;

  function replace(part: Partial<EngineTls>): Change {
    const before = tls;
    if (!before) return { changed: false };
    tls = { ...before, ...part };
    return { changed: before.ca !== tls.ca || before.cert !== tls.cert || before.key !== tls.key };
  }

  if (tls?.key !== undefined && tls.cert !== undefined && key !== undefined && cert !== undefined)
    context.followFiles({
      name: 'directory',
      files: [key, cert],
      expiresAt: checkPair({ key: tls.key, cert: tls.cert }).expiresAt,
      use([newKey = '', newCert = '']) {
        if (newKey === tls?.key && newCert === tls.cert) return { changed: false };
        const { expiresAt } = checkNewPair({ key: newKey, cert: newCert }, context.clock.now());
        return { ...replace({ key: newKey, cert: newCert }), expiresAt };
      },
    });
  if (tls && trustStore !== undefined)
    context.followFiles({
      name: 'directory-truststore',
      files: [trustStore],
      use([ca = '']) {
        certificatesIn(ca);
        return replace({ ca });
      },
    });
  const passwordFile = context.fileOf('DIRECTORY_PASSWORD');
  if (passwordFile !== undefined)
    context.followFiles({
      name: 'directory-password',
      files: [passwordFile],
      use([content = '']) {
        const before = password;
        const now = withoutLineEnd(content);
        if (now === '') throw new Error('the file of the password is empty');
        password = now;
        return { changed: before !== now };
      },
    });
  return () => ({ username, password, sentinelUsername, sentinelPassword, tls });
}

function tlsOf({ trustStore, cert, key, verifyHost }: Values): EngineTls {
  const pem = (name: string, path: string | undefined): string | undefined =>
    path === undefined ? undefined : readPem(variableOf(name), path);
  return {
    verifyHost,
    ca: pem('DIRECTORY_TRUSTSTOREPATH', trustStore),
    cert: pem('DIRECTORY_CERTPATH', cert),
    key: pem('DIRECTORY_KEYPATH', key),
  };
}
