import { ManualClock, settled } from '@rollcall/conformance';
import {
  createCertificateAuthority,
  withKeyOffCurve,
  type IssuedCertificate,
} from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import {
  authority,
  createTestBed,
  proofOf,
  sensor1,
  type TestBed,
  type TestDevice,
} from '../testing/test-bed.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';

const psk: CipherSuiteName = 'TLS_PSK_WITH_AES_128_CCM_8';
const ecdsa: CipherSuiteName = 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8';
const ecdhePsk: CipherSuiteName = 'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256';

/** A client and the outcome of its handshake, long after it has given up. */
async function outcomeOf(
  name: CipherSuiteName,
  options: Partial<DtlsClientOptions>,
  waitMs = 61_000,
): Promise<TestBed & TestDevice> {
  const bed = createTestBed({ clock: new ManualClock(), settled });
  const device = bed.device({ ...sensor1, cipherSuites: [name], ...options });
  device.client.connect();
  await bed.runFor(waitMs);
  return Object.assign(device, bed);
}

function saying(type: number, change: (body: Buffer) => Buffer): Partial<DtlsClientOptions> {
  return { tamper: { message: (each, body) => (each === type ? change(Buffer.from(body)) : body) } };
}

function flipped(body: Buffer, at: number): Buffer {
  const index = at < 0 ? body.length + at : at;
  body[index] = (body[index] ?? 0) ^ 1;
  return body;
}

function proving(certificate: IssuedCertificate): Partial<DtlsClientOptions> {
  return { certificate: proofOf(certificate) };
}

describe('a client that proves to be wrong gets an alert, and no association', () => {
  const expired = authority.issue({ subject: 'CN=old', notAfter: Date.UTC(2025, 11, 31) });
  const early = authority.issue({ subject: 'CN=new', notBefore: Date.UTC(2026, 0, 2) });
  const foreign = createCertificateAuthority('CN=devices').issue({ subject: 'CN=sensor1' });
  const another = authority.issue({ subject: 'CN=sensor1' });
  const strange = authority.issue({ subject: 'CN=sensor1', namedCurve: 'P-521' });

  test.each([
    [
      'Finished is wrong, PSK',
      psk,
      saying(handshakeType.finished, (body) => flipped(body, 0)),
      'bad-finished',
      51,
    ],
    [
      'Finished is wrong, ECDHE_PSK',
      ecdhePsk,
      saying(handshakeType.finished, (body) => flipped(body, 11)),
      'bad-finished',
      51,
    ],
    [
      'Finished is wrong, ECDSA',
      ecdsa,
      saying(handshakeType.finished, (body) => flipped(body, 5)),
      'bad-finished',
      51,
    ],
    [
      'CertificateVerify is wrong',
      ecdsa,
      saying(handshakeType.certificateVerify, (body) => flipped(body, -1)),
      'bad-proof',
      51,
    ],
    [
      'CertificateVerify is by a hash that nobody asked for',
      ecdsa,
      saying(handshakeType.certificateVerify, (body) =>
        Buffer.concat([Buffer.from([2, 3]), body.subarray(2)]),
      ),
      'bad-proof',
      51,
    ],
    [
      'the certificate is that of another',
      ecdsa,
      { certificate: { ...proofOf(another), key: proofOf(foreign).key } },
      'bad-proof',
      51,
    ],
    [
      'it has no certificate',
      ecdsa,
      { certificate: { ...proofOf(another), chain: [] } },
      'no-certificate',
      40,
    ],
    [
      'its certificate is none',
      ecdsa,
      { certificate: { ...proofOf(another), chain: [Buffer.alloc(50)] } },
      'bad-certificate',
      42,
    ],
    [
      'its key is no point of its curve',
      ecdsa,
      { certificate: { ...proofOf(another), chain: [withKeyOffCurve(another)] } },
      'bad-certificate',
      42,
    ],
    ['its key is on a curve that nobody asked for', ecdsa, proving(strange), 'bad-certificate', 42],
    ['its certificate has expired', ecdsa, proving(expired), 'certificate-refused', 46],
    ['its certificate is not valid yet', ecdsa, proving(early), 'certificate-refused', 46],
    [
      'its certificate is by an authority that nobody knows',
      ecdsa,
      proving(foreign),
      'certificate-refused',
      46,
    ],
  ] as const)(
    'a client gets an alert, and no association, where its %s',
    async (_, name, options, failure, alert) => {
      const { log, client, server } = await outcomeOf(name, options, 0);
      expect(log).toEqual([`failed ${failure}`]);
      expect(client.alert).toBe(alert);
      expect(server).toMatchObject({ associations: 0, pendingHandshakes: 0, sessions: 0 });
    },
  );

  test('while verifyCertificate rejects, the client gets no answer, and it gets in once it no longer rejects', async () => {
    // given
    let isAway = true;
    const verifyCertificate = async (): Promise<string> => {
      if (isAway) throw new Error('registry away');
      return 'sensor1';
    };
    const bed = createTestBed({ clock: new ManualClock(), settled, server: { verifyCertificate } });
    const { client } = bed.device({ ...sensor1, cipherSuites: [ecdsa] });
    client.connect();
    await bed.run();
    const before = bed.answers.length;
    await bed.run();
    expect([bed.answers.length, client.alert, bed.log]).toEqual([before, undefined, []]);
    expect(bed.server.counters.lookupFailures).toBe(1);
    // when it repeats itself
    isAway = false;
    await bed.runFor(3_000);
    // then
    expect(bed.log).toEqual(['open sensor1']);
    expect(client.isOpen).toBe(true);
  });

  test('where verifyCertificate rejects until the end, the cause is certificate-unchecked', async () => {
    const verifyCertificate = (): Promise<string> => Promise.reject(new Error('registry away'));
    const bed = createTestBed({ clock: new ManualClock(), settled, server: { verifyCertificate } });
    const { client } = bed.device({ ...sensor1, cipherSuites: [ecdsa] });
    client.connect();
    await bed.run();
    client.vanish();
    await bed.runFor(16_000);
    expect(bed.log).toEqual(['failed certificate-unchecked']);
  });
});

describe('a message that proves nothing gets no answer', () => {
  const offCurve = (body: Buffer): Buffer => flipped(body, -1);
  const infinity = (): Buffer => Buffer.from([1, 0]);
  const compressed = (body: Buffer): Buffer => Buffer.concat([Buffer.from([33, 2]), body.subarray(2, 34)]);
  const empty = (): Buffer => Buffer.alloc(0);
  const longer = (body: Buffer): Buffer => Buffer.concat([body, Buffer.from([0])]);
  const keyExchange = handshakeType.clientKeyExchange;

  test.each([
    ['a point that is not on the curve', ecdsa, saying(keyExchange, offCurve)],
    ['the point at infinity', ecdsa, saying(keyExchange, infinity)],
    ['a compressed point', ecdsa, saying(keyExchange, compressed)],
    ['a point that is not on the curve, with PSK', ecdhePsk, saying(keyExchange, offCurve)],
    ['an empty key exchange', psk, saying(keyExchange, empty)],
    ['a key exchange with something behind it', psk, saying(keyExchange, longer)],
    ['an identity longer than its message', psk, saying(keyExchange, () => Buffer.from([0, 9, 1]))],
    [
      'an identity of 2 kB',
      psk,
      saying(keyExchange, () => Buffer.concat([Buffer.from([8, 0]), Buffer.alloc(2_048)])),
    ],
    [
      'a list of certificates that is cut',
      ecdsa,
      saying(handshakeType.certificate, (body) => body.subarray(0, -1)),
    ],
    [
      'nine certificates',
      ecdsa,
      { certificate: { chain: Array(9).fill(Buffer.alloc(20)), key: sensor1.certificate.key } },
    ],
    [
      'certificates of 9 kB',
      ecdsa,
      { certificate: { chain: [Buffer.alloc(9_000)], key: sensor1.certificate.key } },
    ],
    [
      'a CertificateVerify that is cut',
      ecdsa,
      saying(handshakeType.certificateVerify, (body) => body.subarray(0, 3)),
    ],
  ] as const)('%s from a client is dropped, and its handshake times out', async (_, name, options) => {
    const { log, closed, server } = await outcomeOf(name, options);
    expect(log).toEqual(['failed timeout']);
    expect(closed).toEqual([]);
    expect(server.pendingHandshakes).toBe(0);
  });
});

describe('an unknown identity', () => {
  const shapesOf = (answers: readonly Buffer[]): readonly string[] =>
    answers.map((each) => `${each.length} bytes, type ${each[0]}`);
  const wrongKey = { psk: { identity: Buffer.from('sensor1'), secret: Buffer.from('wrong-secret') } };
  const unknown = { psk: { identity: Buffer.from('nobody1'), secret: Buffer.from('hono-secret') } };

  test.each([psk, ecdhePsk])('an unknown identity looks like a wrong key, %s', async (name) => {
    const stories = [];
    const logs: string[] = [];
    for (const options of [wrongKey, unknown]) {
      const { answers, log, closed, server } = await outcomeOf(name, options, 120_000);
      stories.push({ answers: shapesOf(answers), closed, dropped: server.counters.dropped });
      logs.push(...log);
    }
    expect(stories[0]).toEqual(stories[1]);
    expect(stories[0]).toMatchObject({ closed: [] });
    expect(stories[0]?.answers.length).toBeGreaterThan(3);
    // Only the server can tell the two apart.
    expect(logs).toEqual(['failed keys-differ', 'failed timeout']);
  });

  test.each([0, 65_536])('an identity whose secret has %d bytes counts as unknown', async (length) => {
    const bed = createTestBed({
      clock: new ManualClock(),
      settled,
      server: { findPsk: async () => ({ secret: Buffer.alloc(length), principal: 'anybody' }) },
    });
    const options = { cipherSuites: [psk], psk: { identity: Buffer.from('x'), secret: Buffer.alloc(0) } };
    bed.device(options).client.connect();
    await bed.runFor(61_000);
    expect(bed.log).toEqual(['failed timeout']);
  });

  test('an identity whose look-up failed does not count as unknown: the next attempt of the client gets in', async () => {
    let lookups = 0;
    const findPsk = async (): Promise<{ secret: Buffer; principal: string }> => {
      if (++lookups < 3) throw new Error('registry away');
      return { secret: Buffer.from('hono-secret'), principal: 'sensor1' };
    };
    const bed = createTestBed({ clock: new ManualClock(), settled, server: { findPsk } });
    bed.device({ ...sensor1, cipherSuites: [psk] }).client.connect();
    await bed.runFor(10_000);
    expect(bed.log).toEqual(['open sensor1']);
    expect(bed.server.counters.lookupFailures).toBe(2);
  });
});

test('a client that sends an alert while its certificate is verified ends its handshake', async () => {
  const verifyCertificate = (): Promise<string> => new Promise(() => {});
  const bed = createTestBed({ clock: new ManualClock(), settled, server: { verifyCertificate } });
  const { client, peer } = bed.device({ ...sensor1, cipherSuites: [ecdsa] });
  client.connect();
  await bed.run();
  bed.forge(client.seal(contentType.alert, Buffer.from([1, 90])), peer);
  expect(bed.log).toEqual([]);
  bed.forge(client.seal(contentType.alert, Buffer.from([2, 80])), peer);
  expect(bed.log).toEqual(['failed peer-alert']);
});

describe('a client that repeats its Finished', () => {
  const finished = handshakeMessage(handshakeType.finished, 3, Buffer.alloc(12));

  test.each([
    ['is sent ours again', 0, false, true],
    ['is sent ours again after 200 s', 200_000, false, true],
    ['is sent nothing after 500 s', 500_000, false, false],
    ['is sent nothing once it has sent data: it had ours', 0, true, false],
  ])('a client that repeats its Finished %s', async (_, waitMs, withData, isAnswered) => {
    const { client, forge, peer, answers, run, runFor } = await outcomeOf(psk, {}, 0);
    await runFor(waitMs);
    if (withData) client.send(Buffer.from('data'));
    await run();
    const before = answers.length;
    forge(client.seal(contentType.handshake, finished), peer);
    expect(answers.length > before).toBe(isAnswered);
  });
});

describe('a client with an association', () => {
  test('a client that wants to renegotiate is answered with no_renegotiation', async () => {
    const { client, forge, run, peer, log, associations, answers } = await outcomeOf(psk, {}, 0);
    const before = answers.length;
    forge(client.seal(contentType.handshake, Buffer.from([1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0])), peer);
    await run();
    expect(log).toEqual(['open sensor1']);
    expect(associations[0]?.isOpen).toBe(true);
    expect(answers.slice(before).map((each) => each[0])).toEqual([contentType.alert]);
  });

  test('a fatal alert ends an association; a warning, or half an alert, does not', async () => {
    const { client, forge, peer, log } = await outcomeOf(psk, {}, 0);
    for (const alert of [[1, 90], [2], [2, 20, 0]])
      forge(client.seal(contentType.alert, Buffer.from(alert)), peer);
    expect(log).toEqual(['open sensor1']);
    forge(client.seal(contentType.alert, Buffer.from([2, 20])), peer);
    expect(log).toEqual(['open sensor1', 'close sensor1 alert']);
  });

  test('empty records, and records of unknown types, have no effect', async () => {
    const { client, forge, peer, log, answers } = await outcomeOf(psk, {}, 0);
    const before = answers.length;
    for (const type of [0, 20, 22, 23, 24, 25, 255]) forge(client.seal(type, Buffer.alloc(0)), peer);
    expect(log).toEqual(['open sensor1']);
    expect(answers).toHaveLength(before);
  });
});

describe('an attacker who guesses a key', () => {
  test.each([
    ['sensor1', ['10.0.0.9'], 'failed keys-differ'],
    ['nobody1', [], 'failed timeout'],
  ])(
    'a handshake of %s ends after 16 records by guessed keys, and onKeysDiffer is called for a known identity alone',
    async (identity, told, log) => {
      // given
      const suspects: string[] = [];
      const bed = createTestBed({
        clock: new ManualClock(),
        settled,
        server: { onKeysDiffer: ({ address }) => suspects.push(address) },
      });
      const guess = { identity: Buffer.from(identity), secret: Buffer.from('guess') };
      const { client, peer } = bed.device(
        { psk: guess, cipherSuites: [psk] },
        { address: '10.0.0.9', port: 9 },
      );
      client.connect();
      await bed.run();
      expect(suspects).toEqual(told);
      expect(bed.log).toEqual([]);
      // when the same handshake is used for more guesses
      const answers = bed.answers.length;
      for (let i = 0; i < 15; i++) bed.forge(client.seal(22, Buffer.from(`guess ${i}`)), peer);
      // then it is over, without an answer
      expect(bed.log).toEqual([log]);
      expect(bed.answers).toHaveLength(answers);
      expect(suspects).toEqual(told);
    },
  );
});
