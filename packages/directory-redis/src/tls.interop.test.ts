import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recordingLog } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { joinFleet } from '@rollcall/conformance/fleet';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { systemClock, systemRandom } from '@rollcall/core/environment';
import type { FollowedSet } from '@rollcall/file-follower';
import { readOptions } from '@rollcall/options';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redis } from './module/redis.ts';
import { redisOptions } from './module/redis-options.ts';
import { freePort, startRedis, type RedisServer } from './testing/redis-servers.ts';

const authority = createCertificateAuthority('CN=fleet');

describe.skipIf(!hasDebianPackage('redis-server'))(
  'over TLS, with client certificates and a password',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-redis-tls-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const ca = file('ca.pem', authority.cert);
    const issued = authority.issue({ subject: 'CN=adapter' });
    const client = { cert: file('client.pem', issued.cert), key: file('client.key', issued.key) };
    let server: RedisServer;
    let port: number;

    beforeAll(async () => {
      const own = authority.issue({ subject: 'CN=127.0.0.1', ipAddresses: ['127.0.0.1'] } as never);
      port = await freePort();
      const tls = [
        '--port',
        '0',
        '--tls-port',
        String(port),
        '--tls-ca-cert-file',
        ca,
        '--requirepass',
        'secret',
      ];
      const pair = [
        '--tls-cert-file',
        file('server.pem', own.cert),
        '--tls-key-file',
        file('server.key', own.key),
      ];
      server = await startRedis([...tls, ...pair], port);
    });
    afterAll(async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    function engineFor(env: Readonly<Record<string, string>>, sets: FollowedSet[] = []) {
      const variables = Object.entries(env).map(([name, value]) => [`ROLLCALL_DIRECTORY_${name}`, value]);
      const { values, problems } = readOptions(redisOptions, Object.fromEntries(variables));
      expect([...problems, ...redis.problems(values)]).toEqual([]);
      return redis.create(values, {
        clock: systemClock,
        random: systemRandom,
        log: recordingLog(),
        followFiles: (set) => sets.push(set),
        fileOf: (name) => (name === 'DIRECTORY_PASSWORD' ? join(directory, 'password') : undefined),
      });
    }

    const member = (engine: ReturnType<typeof engineFor>) =>
      joinFleet({ create: engine.join, clock: systemClock, pass: (ms) => delay(ms) });

    test('it joins, and uses credentials that are replaced', async () => {
      const sets: FollowedSet[] = [];
      const env = {
        URL: `rediss://127.0.0.1:${port}`,
        PASSWORD: 'old',
        TRUSTSTOREPATH: ca,
        CERTPATH: client.cert,
        KEYPATH: client.key,
        HOSTNAMEVERIFICATIONREQUIRED: 'false',
      };
      const a = await member(engineFor(env, sets));
      expect(a.directory.status, 'the password is wrong').toBe('away');
      expect(sets.map(({ name }) => name).toSorted()).toEqual([
        'directory',
        'directory-password',
        'directory-truststore',
      ]);
      expect(sets.find(({ name }) => name === 'directory-password')?.use(['secret\n'])).toMatchObject({
        changed: true,
      });
      await expect.poll(() => a.directory.status, { timeout: 240_000 }).toBe('in-touch');
      expect(await a.directory.enter(a.entry('d-1', 'x'))).not.toBe('lost');
      await a.directory.close();
    });

    test('a server with a certificate of another authority is not trusted', async () => {
      const other = file('other.pem', createCertificateAuthority('CN=other').cert);
      const a = await member(
        engineFor({
          URL: `rediss://:secret@127.0.0.1:${port}`,
          TRUSTSTOREPATH: other,
          CERTPATH: client.cert,
          KEYPATH: client.key,
        }),
      );
      expect(a.directory.status).toBe('away');
      await a.directory.close();
    });
  },
);
