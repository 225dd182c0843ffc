import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import {
  createTestBed,
  sensor1,
  type TestBed,
  type TestBedOptions,
  type TestDevice,
} from '../testing/test-bed.ts';
import { contentType } from '../wire/content-type.ts';
import { fragmentsOf, handshakeMessage } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { plainRecord } from '../wire/record.ts';

const psk: CipherSuiteName = 'TLS_PSK_WITH_AES_128_CCM_8';
const ecdsa: CipherSuiteName = 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8';

function given(
  name: CipherSuiteName,
  network?: NonNullable<TestBedOptions['network']>,
  options: Partial<DtlsClientOptions> = {},
  server: NonNullable<TestBedOptions['server']> = {},
): TestBed & TestDevice {
  const bed = createTestBed({ clock: new ManualClock(), settled, server, ...(network && { network }) });
  return Object.assign(bed.device({ ...sensor1, cipherSuites: [name], ...options }), bed);
}

/** Stops after the server has sent its flight, before the client answers it. */
function untilServerFlight(name: CipherSuiteName): { device: TestBed & TestDevice; release(): void } {
  let holding = true;
  const device = given(name, (datagram) => {
    // ServerHello of the server is the first message with type 2.
    return holding && datagram[0] === contentType.handshake && datagram[13] === handshakeType.serverHello
      ? []
      : [datagram];
  });
  device.client.connect();
  return {
    device,
    release: () => {
      holding = false;
    },
  };
}

const forged = (type: number, sequence: number, body: Uint8Array): Buffer =>
  plainRecord(contentType.handshake, 77, handshakeMessage(type, sequence, body));

const pskKeyExchange = Buffer.from([0, 3, 0x65, 0x76, 0x65]);

describe('an attacker who sends in the name of a client breaks nothing', () => {
  const cut = (record: Buffer, length: number): Buffer => record.subarray(0, length);
  const keyExchange = handshakeMessage(handshakeType.clientKeyExchange, 2, Buffer.alloc(40));

  test.each([
    ['an alert', [plainRecord(contentType.alert, 9, Buffer.from([2, 40]))]],
    ['close_notify', [plainRecord(contentType.alert, 9, Buffer.from([1, 0]))]],
    ['a key exchange', [forged(handshakeType.clientKeyExchange, 2, pskKeyExchange)]],
    ['a key exchange that is malformed', [forged(handshakeType.clientKeyExchange, 2, Buffer.alloc(40))]],
    ['another message in its place', [forged(handshakeType.certificate, 2, Buffer.alloc(40))]],
    ['a Finished that nothing protects', [forged(handshakeType.finished, 2, Buffer.alloc(12))]],
    [
      'a part of a longer message',
      fragmentsOf(keyExchange, 10)
        .slice(1, 3)
        .map((each) => plainRecord(22, 9, each)),
    ],
    [
      'a fragment beyond its message',
      [plainRecord(22, 9, Buffer.from('100000050002000004000005aabbccddee', 'hex'))],
    ],
    ['a message that is cut', [cut(forged(handshakeType.clientKeyExchange, 2, pskKeyExchange), 27)]],
    ['a record that is cut', [plainRecord(22, 9, keyExchange.subarray(0, 5))]],
    [
      'records of the next epoch',
      Array.from({ length: 9 }, () => Buffer.from('16fefd0001000000000000000411223344', 'hex')),
    ],
    ['records of an epoch far ahead', [Buffer.from('16fefd0007000000000000000411223344', 'hex')]],
    [
      'a record longer than any',
      [Buffer.concat([Buffer.from('17fefd0001000000000000ffff', 'hex'), Buffer.alloc(60_000)])],
    ],
    ['another ClientHello, without a cookie', [forged(handshakeType.clientHello, 0, Buffer.alloc(80, 3))]],
    [
      'the rest of a ClientHello',
      [plainRecord(22, 9, Buffer.from('010000500001000020000004aabbccdd', 'hex'))],
    ],
    ['no record at all', [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(0), Buffer.from([22])]],
  ])(
    '%s, sent in the name of a client, breaks neither its handshake nor its association',
    async (_, datagrams) => {
      for (const moment of [
        'before the client answers',
        'after it',
        'once the association is there',
      ] as const) {
        // given
        const { device, release } = untilServerFlight(psk);
        await device.run();
        if (moment !== 'before the client answers') release();
        if (moment === 'once the association is there') await device.runFor(2_000);
        // when
        for (const datagram of datagrams) device.forge(datagram, device.peer);
        await device.run();
        release();
        await device.runFor(10_000);
        device.client.send(Buffer.from('hello'));
        await device.run();
        // then
        expect(device.log, moment).toEqual(['open sensor1', 'message 127.0.0.1:1 hello']);
        expect(device.received, moment).toEqual(['hello']);
      }
    },
  );

  test('forged records that wait for keys are bounded', async () => {
    const { device, release } = untilServerFlight(psk);
    await device.run();
    const garbage = Buffer.from('16fefd0001000000000000000411223344', 'hex');
    for (let i = 0; i < 100; i++) device.forge(garbage, device.peer);
    release();
    await device.runFor(10_000);
    expect(device.log).toEqual(['open sensor1']);
    expect(device.server.counters.dropped['not-authentic']).toBeLessThanOrEqual(4);
  });

  test.each([
    ['a certificate', [forged(handshakeType.certificate, 2, Buffer.from([0, 0, 0]))]],
    ['a key exchange', [forged(handshakeType.clientKeyExchange, 3, Buffer.from([1, 0]))]],
    ['a proof', [forged(handshakeType.certificateVerify, 4, Buffer.from([4, 3, 0, 1, 0]))]],
    [
      'a whole flight',
      [
        forged(handshakeType.certificate, 2, Buffer.from([0, 0, 4, 0, 0, 1, 0])),
        forged(handshakeType.clientKeyExchange, 3, Buffer.alloc(66, 4)),
        forged(handshakeType.certificateVerify, 4, Buffer.from([4, 3, 0, 1, 0])),
      ],
    ],
  ])('%s, before and after the client’s own, breaks no handshake with certificates', async (_, datagrams) => {
    for (const after of [false, true]) {
      const { device, release } = untilServerFlight(ecdsa);
      await device.run();
      if (!after) for (const datagram of datagrams) device.forge(datagram, device.peer);
      release();
      await device.runFor(500);
      if (after) for (const datagram of datagrams) device.forge(datagram, device.peer);
      await device.runFor(20_000);
      expect(device.log).toEqual(['open sensor1']);
      expect(device.client.isOpen).toBe(true);
    }
  });

  test('a forged flight right before the Finished breaks no handshake', async () => {
    // given a client whose Finished is lost the first time
    let lost = 0;
    const device = given(ecdsa, (datagram) => {
      const at = datagram.lastIndexOf(Buffer.from([22, 0xfe, 0xfd, 0, 1]));
      const isClients = datagram.includes(Buffer.from(sensor1.certificate.chain[0] ?? [])) && at > 0;
      return isClients && lost++ === 0 ? [datagram.subarray(0, at)] : [datagram];
    });
    device.client.connect();
    await device.run();
    expect(lost).toBe(1);
    // when
    device.forge(forged(handshakeType.clientKeyExchange, 3, Buffer.alloc(66, 4)), device.peer);
    device.forge(forged(handshakeType.certificateVerify, 4, Buffer.from([4, 3, 0, 1, 0])), device.peer);
    await device.runFor(5_000);
    // then
    expect(device.log).toEqual(['open sensor1']);
  });
});

describe('an attacker who sends key exchanges in the name of a client', () => {
  const keyExchange = (identity: string): Buffer =>
    forged(
      handshakeType.clientKeyExchange,
      2,
      Buffer.concat([Buffer.from([0, identity.length]), Buffer.from(identity)]),
    );

  test('forged key exchanges cost sixteen look-ups at the most', async () => {
    let lookups = 0;
    const findPsk = async (): Promise<undefined> => void lookups++;
    const device = given(
      psk,
      (datagram) => (datagram[13] === handshakeType.serverHello ? [] : [datagram]),
      {},
      { findPsk },
    );
    device.client.connect();
    await device.run();
    for (let i = 0; i < 100; i++) device.forge(keyExchange(`guess${i}`), device.peer);
    await device.run();
    expect(lookups).toBe(16);
  });

  test('a look-up for a forged key exchange changes nothing when it ends after the look-up for the client’s own', async () => {
    const answers = new Map<string, (found: { secret: Buffer; principal: string }) => void>();
    const findPsk = (identity: Buffer): Promise<{ secret: Buffer; principal: string }> =>
      new Promise((resolve) => answers.set(identity.toString(), resolve));
    let held: Buffer | undefined;
    const device = given(
      psk,
      (datagram) => {
        if (datagram[13] !== handshakeType.clientKeyExchange || held) return [datagram];
        held = datagram;
        return [];
      },
      {},
      { findPsk },
    );
    device.client.connect();
    await device.run();
    device.forge(keyExchange('evil'), device.peer);
    if (held) device.forge(held, device.peer);
    answers.get('sensor1')?.({ secret: Buffer.from('hono-secret'), principal: 'sensor1' });
    answers.get('evil')?.({ secret: Buffer.from('other'), principal: 'evil' });
    await device.run();
    expect(device.log).toEqual(['open sensor1']);
    expect(device.client.isOpen).toBe(true);
  });
});

describe('an attacker in the middle', () => {
  test('an attacker in the middle who changes what the client offers makes the handshake fail', async () => {
    // The client prefers CCM to GCM; the attacker swaps the two.
    for (const extendedMasterSecret of [true, false]) {
      const device = given(
        psk,
        (datagram) => {
          const changed = Buffer.from(datagram);
          const at = changed.indexOf(Buffer.from('c0a400a8', 'hex'));
          if (at > 0) changed.write('00a8c0a4', at, 'hex');
          return [changed];
        },
        {
          cipherSuites: ['TLS_PSK_WITH_AES_128_CCM', 'TLS_PSK_WITH_AES_128_GCM_SHA256'],
          extendedMasterSecret,
        },
      );
      device.client.connect();
      await device.runFor(61_000);
      expect(device.log).toEqual([extendedMasterSecret ? 'failed keys-differ' : 'failed bad-finished']);
      expect(device.server.associations).toBe(0);
    }
  });

  test.each([
    [
      'changes a bit of a Finished',
      'not-authentic',
      (record: Buffer) => record.fill((record.at(-1) ?? 0) ^ 1, record.length - 1),
    ],
    ['says that a Finished is of epoch 0', 'malformed', (record: Buffer) => record.fill(0, 3, 5)],
    ['gives a Finished another sequence number', 'not-authentic', (record: Buffer) => record.fill(9, 10, 11)],
    [
      'calls a Finished data',
      'not-authentic',
      (record: Buffer) => record.fill(contentType.applicationData, 0, 1),
    ],
  ] as const)(
    'an attacker in the middle who %s: the record is dropped, and the client’s next one counts',
    async (_, dropped, change) => {
      let changes = 0;
      const device = given(psk, (datagram) => {
        const at = datagram.indexOf(Buffer.from([22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0]));
        const isClients = datagram[13] === handshakeType.clientKeyExchange;
        if (at < 0 || !isClients) return [datagram];
        changes++;
        const changed = Buffer.from(datagram);
        change(changed.subarray(at));
        return [changed];
      });
      device.client.connect();
      await device.runFor(5_000);
      expect(changes).toBe(1);
      expect(device.server.counters.dropped[dropped]).toBeGreaterThan(0);
      expect(device.log).toEqual(['open sensor1']);
    },
  );
});

describe('records of an association', () => {
  async function opened(): Promise<TestBed & TestDevice> {
    const device = given(psk);
    device.client.connect();
    await device.run();
    return device;
  }

  test('a record is taken once', async () => {
    const { client, forge, peer, log, server } = await opened();
    const record = client.seal(contentType.applicationData, Buffer.from('once'));
    for (let i = 0; i < 3; i++) forge(record, peer);
    expect(log.slice(1)).toEqual(['message 127.0.0.1:1 once']);
    expect(server.counters.dropped.replayed).toBe(2);
  });

  test('a record is not taken once 64 newer ones have come', async () => {
    const { client, forge, peer, log } = await opened();
    const records = Array.from({ length: 66 }, (_, i) =>
      client.seal(contentType.applicationData, Buffer.from(String(i))),
    );
    const [oldest, old, ...newer] = records;
    for (const record of newer) forge(record, peer);
    const before = log.length;
    if (oldest) forge(oldest, peer);
    expect(log).toHaveLength(before);
    if (old) forge(old, peer);
    expect(log).toHaveLength(before);
    forge(client.seal(contentType.applicationData, Buffer.from('next')), peer);
    expect(log).toHaveLength(before + 1);
  });

  test('a record from another address is not taken without connection ids', async () => {
    const { client, forge, log, server } = await opened();
    forge(client.seal(contentType.applicationData, Buffer.from('x')), { address: '127.0.0.2', port: 1 });
    expect(log).toEqual(['open sensor1']);
    expect(server.counters.dropped['unknown-association']).toBe(1);
  });

  test('data in epoch 0 is not taken, protected or not', async () => {
    const { client, forge, peer, log } = await opened();
    const record = client.seal(contentType.applicationData, Buffer.from('x'));
    record.writeUInt16BE(0, 3);
    forge(record, peer);
    forge(plainRecord(contentType.applicationData, 9, Buffer.from('x')), peer);
    expect(log).toEqual(['open sensor1']);
  });

  test('several records in one datagram are all taken; what follows after an invalid record is dropped', async () => {
    const { client, forge, peer, log, server } = await opened();
    const [one, two, three] = ['1', '2', '3'].map((text) =>
      client.seal(contentType.applicationData, Buffer.from(text)),
    );
    if (!one || !two || !three) throw new Error('three records');
    forge(Buffer.concat([one, two, Buffer.from('zzz'), three]), peer);
    expect(log.slice(1).map((line) => line.at(-1))).toEqual(['1', '2']);
    expect(server.counters.dropped.malformed).toBe(1);
  });

  test('an association stays open until a new handshake from its address is done', async () => {
    // given an association, and a client that begins again from the same address
    const device = await opened();
    const second = device.device(
      { ...sensor1, cipherSuites: [psk], psk: { ...sensor1.psk, secret: Buffer.from('wrong') } },
      device.peer,
    );
    second.client.connect();
    await device.run();
    // when it does not know the key
    device.client.send(Buffer.from('still here'));
    await device.run();
    expect(device.log.slice(1)).toEqual(['message 127.0.0.1:1 still here']);
    second.client.vanish();
    // and when another one does
    const third = device.device({ ...sensor1, cipherSuites: [psk] }, device.peer);
    third.client.connect();
    await device.run();
    // then
    expect(device.log.slice(2)).toEqual(['failed keys-differ', 'close sensor1 replaced', 'open sensor1']);
    expect(device.server.associations).toBe(1);
  });
});
