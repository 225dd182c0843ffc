import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import { contentType } from '../wire/content-type.ts';
import {
  createTestBed,
  sensor1,
  type TestBed,
  type TestBedOptions,
  type TestDevice,
} from '../testing/test-bed.ts';

const name: CipherSuiteName = 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8';

interface Story extends TestBed {
  /** A device that resumes the session of the one before. */
  again(options?: Partial<DtlsClientOptions>): TestDevice;
}

/** A device that was here and has left. */
async function givenASession(
  options: Partial<TestBedOptions> = {},
  first: Partial<DtlsClientOptions> = {},
): Promise<Story> {
  const bed = createTestBed({ clock: new ManualClock(), settled, ...options });
  const { client } = bed.device({ ...sensor1, cipherSuites: [name], ...first });
  client.connect();
  await bed.run();
  client.close();
  await bed.run();
  const { session } = client;
  const again: Story['again'] = (changes) =>
    bed.device({ ...sensor1, cipherSuites: [name], ...(session && { session }), ...changes });
  return { ...bed, again };
}

describe('resumption', () => {
  test('a session is resumed without credentials, with fresh keys, and data both ways', async () => {
    const { again, run, log, server, associations } = await givenASession();
    const { client, received } = again({ connectionId: Buffer.from([1]) });
    client.connect();
    await run();
    client.send(Buffer.from('hello'));
    await run();
    expect(received).toEqual(['hello']);
    expect(client.isResumed).toBe(true);
    expect(associations[1]).toMatchObject({ isResumed: true, principal: 'sensor1' });
    expect(log.slice(2)).toEqual(['open sensor1', 'message 127.0.0.1:2 hello']);
    expect(server.counters).toMatchObject({ handshakes: 2, resumptions: 1 });
  });

  test('a client that resumes with another master secret times out', async () => {
    const { again, runFor, log } = await givenASession();
    const right = again();
    const stranger = await givenASession();
    const wrong = stranger.again().client;
    wrong.connect();
    await stranger.run();
    right.client.connect();
    await runFor(0);
    const id = right.client.session?.id;
    const master = wrong.session?.master;
    if (!id || !master) throw new Error('both have a session');
    const { client } = again({ session: { id, master, cipherSuite: name } });
    client.connect();
    await runFor(100_000);
    expect(client.isOpen).toBe(false);
    expect(new Set(log.slice(3))).toEqual(new Set(['failed timeout']));
  });

  test.each([
    ['it may not be resumed', { server: { mayResume: async (): Promise<boolean> => false } }, {}],
    [
      'nobody can say whether it may',
      { server: { mayResume: (): Promise<boolean> => Promise.reject(new Error('away')) } },
      {},
    ],
    ['sessions are not kept', { server: { limits: { maxSessions: 0 } } }, {}],
    [
      'another one came since, and there is room for one',
      { server: { limits: { maxSessions: 1 } } },
      { another: true },
    ],
    ['it is too old', { server: { limits: { sessionLifetimeMs: 5_000 } } }, { waitMs: 5_000 }],
    ['the client no longer offers its cipher suite', {}, { suites: ['TLS_PSK_WITH_AES_128_CCM'] }],
    ['it did without extended master secret', {}, { first: { extendedMasterSecret: false } }],
  ] as const)('a client gets a new session where %s', async (_, options, story: Partial<StoryChanges>) => {
    const { again, device, run, runFor, server } = await givenASession(options, story.first);
    if (story.another) device({ ...sensor1, cipherSuites: [name] }).client.connect();
    await runFor(story.waitMs ?? 0);
    const { client } = again(story.suites && { cipherSuites: story.suites });
    client.connect();
    await run();
    expect(client).toMatchObject({ isOpen: true, isResumed: false });
    expect(server.counters.resumptions).toBe(0);
  });

  test('the sessions of one principal are bounded, and those of others stay', async () => {
    // given a device that is here once
    const limits = { maxSessions: 10, maxSessionsPerPrincipal: 3 };
    const { again, device, run, server } = await givenASession({ server: { limits } });
    // when another one opens and leaves as often as it can
    for (let i = 0; i < 30; i++) {
      const other = { identity: Buffer.from('sensor2'), secret: sensor1.psk.secret };
      device({ ...sensor1, psk: other, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM'] }).client.connect();
      await run();
    }
    // then
    expect(server.sessions).toBe(4);
    const { client } = again();
    client.connect();
    await run();
    expect(client.isResumed).toBe(true);
  });

  test('where there is no room, the principal that has most sessions loses its oldest', async () => {
    const limits = { maxSessions: 5, maxSessionsPerPrincipal: 0 };
    const { again, device, run, server } = await givenASession({ server: { limits } });
    for (let i = 0; i < 30; i++) {
      const other = { identity: Buffer.from(`sensor${2 + (i % 2)}`), secret: sensor1.psk.secret };
      device({ ...sensor1, psk: other, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM'] }).client.connect();
      await run();
    }
    expect(server.sessions).toBe(5);
    const { client } = again();
    client.connect();
    await run();
    expect(client.isResumed).toBe(true);
  });

  test('forgetSessions forgets the sessions of a principal, some or all', async () => {
    const { again, server, run } = await givenASession();
    expect(server.forgetSessions('sensor2')).toBe(0);
    expect(server.forgetSessions('sensor1', (principal) => principal !== 'sensor1')).toBe(0);
    expect(server.sessions).toBe(1);
    expect(server.forgetSessions('sensor1')).toBe(1);
    const { client } = again();
    client.connect();
    await run();
    expect(client).toMatchObject({ isOpen: true, isResumed: false });
  });

  test('associationsOf has the associations of a principal, the one silent longest first', async () => {
    const { again, device, server, run, runFor, associations } = await givenASession();
    const { client } = again();
    client.connect();
    await run();
    device({ ...sensor1, cipherSuites: [name] }).client.connect();
    await run();
    const [, first, second] = associations;
    expect(server.associationsOf('sensor1')).toEqual([first, second]);
    await runFor(1_000);
    client.send(Buffer.from('I am here'));
    await run();
    expect(server.associationsOf('sensor1')).toEqual([second, first]);
    for (const each of server.associationsOf('sensor1')) each.abort('accessDenied');
    expect(server.associationsOf('sensor1')).toEqual([]);
    expect(server.sessions).toBe(0);
  });

  test('a session that mayResume denies is forgotten', async () => {
    const { again, run, server } = await givenASession({
      server: { mayResume: async (): Promise<boolean> => false },
    });
    again().client.connect();
    await run();
    expect(server.sessions).toBe(1);
  });

  test('an answer of mayResume after close changes nothing', async () => {
    const waiting: (() => void)[] = [];
    const mayResume = (): Promise<boolean> => new Promise((resolve) => waiting.push(() => resolve(true)));
    const { again, run, server, answers } = await givenASession({ server: { mayResume } });
    const { client } = again();
    client.connect();
    await run();
    server.close();
    client.vanish();
    const before = answers.length;
    for (const each of waiting) each();
    await run();
    expect(waiting).toHaveLength(1);
    expect(answers).toHaveLength(before);
  });

  test('a session with extended master secret is not resumed without it (RFC 7627 §5.3)', async () => {
    const { again, run, log } = await givenASession();
    const { client } = again({ extendedMasterSecret: false });
    client.connect();
    await run();
    expect(client.alert).toBe(40);
    expect(log.slice(2)).toEqual(['failed resumption']);
  });

  test.each(['ours', 'the peer’s'])(
    'a session is not resumed any more after a fatal alert of %s',
    async (whose) => {
      const { again, run, associations, forge } = await givenASession();
      const { client, peer } = again();
      client.connect();
      await run();
      if (whose === 'ours') associations[1]?.abort('accessDenied');
      else forge(client.seal(contentType.alert, Buffer.from([2, 80])), peer);
      await run();
      expect(client.alert).toBe(whose === 'ours' ? 49 : undefined);
      const next = again();
      next.client.connect();
      await run();
      expect(next.client).toMatchObject({ isOpen: true, isResumed: false });
    },
  );

  test('a wrong Finished ends the resumption with a protected alert', async () => {
    const { again, run, log } = await givenASession();
    const { client, closed } = again({
      tamper: { message: (type, body) => (type === 20 ? Buffer.alloc(12) : body) },
    });
    client.connect();
    await run();
    expect(log.slice(2)).toEqual(['failed bad-finished']);
    expect(closed).toEqual(['alert']);
    expect(client.alert).toBe(51);
  });
});

interface StoryChanges {
  readonly another: boolean;
  readonly waitMs: number;
  readonly suites: readonly CipherSuiteName[];
  readonly first: Partial<DtlsClientOptions>;
}
