import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import { createTestBed, sensor1 } from '../testing/test-bed.ts';

const name: CipherSuiteName = 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8';

function given() {
  const asked: (string | undefined)[] = [];
  const bed = createTestBed({
    clock: new ManualClock(),
    settled,
    server: {
      verifyCertificate: async (_chain, _peer, serverName) => {
        asked.push(serverName);
        return 'sensor1';
      },
    },
  });
  /** Connects a client, and returns whether it got in. */
  async function come(options: Partial<DtlsClientOptions>) {
    const { client } = bed.device({ ...sensor1, cipherSuites: [name], ...options });
    client.connect();
    await bed.run();
    const { isOpen, isResumed, session } = client;
    client.close();
    await bed.run();
    return { isOpen, isResumed, session };
  }
  return { ...bed, asked, come };
}

test('verifyCertificate gets the server name that the client asked for', async () => {
  const { asked, come } = given();
  expect(await come({ serverName: 'acme.example' })).toMatchObject({ isOpen: true });
  expect(await come({})).toMatchObject({ isOpen: true });
  expect(await come({ serverName: 'acme\u0000.example' })).toMatchObject({ isOpen: true });
  expect(asked).toEqual(['acme.example', undefined, undefined]);
});

test.each([
  ['the same', 'acme.example', 'acme.example', true],
  ['another', 'acme.example', 'umbrella.example', false],
  ['none, after one', 'acme.example', undefined, false],
  ['one, after none', undefined, 'acme.example', false],
])('a session with %s server name: whether it goes on', async (_what, first, second, isResumed) => {
  const { come, asked } = given();
  const named = (serverName?: string): Partial<DtlsClientOptions> =>
    serverName === undefined ? {} : { serverName };
  const { session } = await come(named(first));
  if (!session) throw new Error('there is a session');
  expect(await come({ ...named(second), session })).toMatchObject({ isOpen: true, isResumed });
  expect(asked).toEqual(isResumed ? [first] : [first, second]);
});

test('a list of server names that cannot be read makes the ClientHello malformed, and affects no other client', async () => {
  const { asked, come } = given();
  for (const serverName of [Buffer.alloc(0), Buffer.from([0, 0]), Buffer.from([0, 9, 0, 0, 1])])
    expect((await come({ serverName })).isOpen).toBe(false);
  expect((await come({ serverName: 'acme.example' })).isOpen).toBe(true);
  expect(asked).toEqual(['acme.example']);
});
