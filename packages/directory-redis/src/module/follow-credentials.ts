import type { FleetEngineContext } from '@rollcall/directory-module';
import { variableOf, type ValuesOf } from '@rollcall/options';
import { followClientSecrets } from '@rollcall/options/module';
import { readPem } from '@rollcall/options/tls';
import type { EngineCredentials, EngineTls } from '../engine/client-options.ts';
import type { EngineAddress } from '../engine/engine-address.ts';
import type { redisOptions } from './redis-options.ts';

type Values = ValuesOf<typeof redisOptions>;

/** The credentials, and the certificates to verify the server. Each connect uses the content of the files at that time. */
export function followCredentials(
  values: Values,
  address: EngineAddress,
  context: Pick<FleetEngineContext, 'followFiles' | 'fileOf' | 'clock'>,
): () => EngineCredentials {
  const username = values.username ?? address.username;
  const { sentinelUsername, sentinelPassword, trustStore, cert, key } = values;
  const first = {
    password: values.password ?? address.password,
    tls: address.tls ? tlsOf(values) : undefined,
  };
  const files = { trustStore, cert, key, password: context.fileOf('DIRECTORY_PASSWORD') };
  const secrets = followClientSecrets('directory', first, files, context);
  return () => ({ username, sentinelUsername, sentinelPassword, ...secrets() });
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
