import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import type { DtlsClientOptions } from '../testing/client-options.ts';
import { createTestBed, sensor1, type TestBed, type TestBedOptions } from '../testing/test-bed.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import type { Peer } from './peer.ts';

const cipherSuites = ['TLS_PSK_WITH_AES_128_CCM_8'] as const;

interface Intruder {
  readonly options?: Partial<DtlsClientOptions>;
  /** Which of its datagrams it sends. */
  readonly sends?: (datagram: Buffer) => readonly Buffer[];
}

/** Without the records of the second epoch. */
function unprotected(datagram: Buffer): Buffer {
  const at = datagram.indexOf(Buffer.from([22, 0xfe, 0xfd, 0, 1]));
  return at < 0 ? datagram : datagram.subarray(0, at);
}

const isKeyExchange = (datagram: Buffer): boolean => datagram[13] === handshakeType.clientKeyExchange;
const psk = (identity: string, secret = 'made-up'): Partial<DtlsClientOptions> => ({
  psk: { identity: Buffer.from(identity), secret: Buffer.from(secret) },
});
const cookieOnly: Intruder = { sends: (datagram) => (isKeyExchange(datagram) ? [] : [datagram]) };

const intruders: readonly (readonly [string, Intruder])[] = [
  ['return the cookie and say no more', cookieOnly],
  ['begin a ClientHello and do not end it', { options: { maxDatagramBytes: 139 }, sends: firstOfHello }],
  ['make up an identity and say no more', { options: psk('x'), sends: (each) => [unprotected(each)] }],
  ['wait for a look-up that does not end', { options: psk('slow'), sends: (each) => [unprotected(each)] }],
  ['wait for it with all that they have to say', { options: psk('slow') }],
  ['make up an identity', { options: psk('x') }],
  ['name a device and do not know its key', { options: psk('sensor1') }],
];

function firstOfHello(datagram: Buffer): readonly Buffer[] {
  const isRest = datagram[13] === handshakeType.clientHello && datagram.readUIntBE(19, 3) > 0;
  return isRest ? [] : [datagram];
}

const addresses: readonly (readonly [string, (i: number) => string])[] = [
  ['one address', () => '192.0.2.1'],
  ['four addresses', (i) => `192.0.${i % 4}.1`],
  ['a /24', (i) => `192.0.2.${i % 256}`],
  ['four /64s', (i) => `2001:db8:${i % 4}:1::${i}`],
  ['the /64s of one /48', (i) => `2001:db8:1:${i.toString(16)}::1`],
  ['the /64s of many /48s', (i) => `2001:db8:${(i % 50).toString(16)}:${i.toString(16)}::1`],
  ['everywhere', (i) => `10.${i % 250}.${Math.floor(i / 250)}.1`],
];

interface Crowd extends TestBed {
  intrude(count: number): Promise<void>;
  /** A device whose first datagram of each flight gets lost. Resolves with the time until it was open. */
  opensAfterMs(at: Peer): Promise<number>;
}

function given(
  { options, sends }: Intruder,
  addressOf: (i: number) => string,
  limits: NonNullable<TestBedOptions['server']>['limits'],
): Crowd {
  const clock = new ManualClock();
  const findPsk = async (identity: Buffer): Promise<{ secret: Buffer; principal: string } | undefined> => {
    if (identity.toString() === 'slow') return new Promise(() => undefined);
    const isKnown = identity.toString().startsWith('sensor');
    return isKnown ? { secret: Buffer.from('hono-secret'), principal: identity.toString() } : undefined;
  };
  const bed = createTestBed({ clock, settled, server: { findPsk, ...(limits && { limits }) } });
  let came = 0;

  async function intrude(count: number): Promise<void> {
    for (let i = 0; i < count; i++, came++) {
      const at = { address: addressOf(came), port: 2_000 + came };
      const { client } = bed.device({ ...sensor1, cipherSuites, ...options }, at, sends);
      client.connect();
      await bed.run();
      client.vanish();
    }
  }

  return {
    ...bed,
    intrude,
    async opensAfterMs(at) {
      const lost = new Set<number | undefined>();
      const { client } = bed.device({ ...sensor1, cipherSuites }, at, (datagram) =>
        lost.size === lost.add(datagram[17]).size ? [datagram] : [],
      );
      const began = clock.monotonic();
      client.connect();
      // 10 kB in a second: a handshake of a client that returns its cookie takes 184 bytes.
      for (let i = 0; i < 150 && !client.isOpen; i++) {
        await intrude(i % 2 === 0 ? 5 : 6);
        await bed.runFor(100);
      }
      const isOpen = client.isOpen;
      client.vanish();
      return isOpen ? clock.monotonic() - began : Number.POSITIVE_INFINITY;
    },
  };
}

describe('a device whose datagrams get lost opens within 5 s', () => {
  const limits = { maxPendingHandshakes: 300, maxPendingPerAddress: 200 };

  test.each(intruders)(
    'a device that loses datagrams opens within 5 s while the table is full of strangers who %s',
    async (_, intruder) => {
      const crowd = given(intruder, (i) => `192.0.${i % 4}.1`, limits);
      await crowd.intrude(300);
      for (let port = 1; port <= 2; port++)
        expect(await crowd.opensAfterMs({ address: '10.0.0.1', port })).toBeLessThanOrEqual(5_000);
      expect(crowd.server.pendingHandshakes).toBeLessThanOrEqual(300);
    },
  );

  test.each(addresses)(
    'a device that loses datagrams opens within 5 s while strangers come from %s',
    async (_, addressOf) => {
      const crowd = given(cookieOnly, addressOf, limits);
      await crowd.intrude(300);
      for (let port = 1; port <= 2; port++)
        expect(await crowd.opensAfterMs({ address: '2001:db8:ff:1::1', port })).toBeLessThanOrEqual(5_000);
      expect(crowd.server.counters.failures['too-many-handshakes']).toBeGreaterThan(0);
    },
  );

  test('a device that loses datagrams opens within 5 s while strangers come from its own address', async () => {
    const crowd = given(cookieOnly, () => '192.0.2.1', limits);
    await crowd.intrude(300);
    for (let port = 1; port <= 2; port++)
      expect(await crowd.opensAfterMs({ address: '192.0.2.1', port })).toBeLessThanOrEqual(5_000);
  });
});

describe('a handshake', () => {
  test('a handshake that its client does not continue is forgotten within seconds', async () => {
    const { server, intrude, runFor, log } = given(cookieOnly, () => '192.0.2.1', {});
    await intrude(3);
    expect(server.pendingHandshakes).toBe(3);
    await runFor(15_000);
    expect(server.pendingHandshakes).toBe(0);
    expect(log).toEqual(Array.from({ length: 3 }, () => 'failed timeout'));
  });

  test.each(intruders.slice(-2))(
    'a handshake of strangers who %s takes no room from others',
    async (_, intruder) => {
      const limits = { maxPendingHandshakes: 400, maxPendingPerAddress: 10 };
      const { server, intrude, device, run } = given(intruder, () => '192.0.2.1', limits);
      // given more tries than the address has room for, and healthy devices behind it that have just begun
      const healthy = Array.from({ length: 9 }, (_each, i) =>
        device({ ...sensor1, cipherSuites }, { address: '192.0.2.1', port: i + 1 }, cookieOnly.sends),
      );
      for (const { client } of healthy) client.connect();
      await run();
      // when
      await intrude(100);
      // then
      expect(server.pendingHandshakes).toBe(9);
      expect(server.counters.failures['too-many-handshakes']).toBe(0);
    },
  );

  test('a handshake that an alert gave up takes no room, and goes on if the alert was forged', async () => {
    const { server, intrude, device, forge, run, runFor, log } = given(cookieOnly, () => '192.0.2.1', {});
    await intrude(1);
    forge(Buffer.from('15fefd000000000000000500020228', 'hex'), { address: '192.0.2.1', port: 2_000 });
    expect(server.pendingHandshakes).toBe(0);
    let isLost = true;
    const { client, peer } = device({ ...sensor1, cipherSuites }, undefined, (datagram) =>
      isLost && isKeyExchange(datagram) ? [] : [datagram],
    );
    client.connect();
    await run();
    forge(Buffer.from('15fefd000000000000000500020228', 'hex'), peer);
    isLost = false;
    await runFor(2_000);
    expect(log).toEqual(['open sensor1']);
  });
});

describe('associations', () => {
  const other = { ...psk('sensor2', 'hono-secret'), cipherSuites };

  async function opened(bed: TestBed, count: number, options: Omit<DtlsClientOptions, 'clock' | 'send'>) {
    const devices = Array.from({ length: count }, () => bed.device(options));
    for (const { client } of devices) {
      client.connect();
      await bed.run();
    }
    return devices;
  }

  const bedWith = (server: NonNullable<TestBedOptions['server']>): TestBed =>
    createTestBed({ clock: new ManualClock(), settled, server });

  test('associations of one device are bounded: the one silent longest gives way at once, with close_notify', async () => {
    const bed = bedWith({ limits: { maxAssociationsPerPrincipal: 3 } });
    const [stranger] = await opened(bed, 1, other);
    const mine = await opened(bed, 3, { ...sensor1, cipherSuites });
    await bed.runFor(1_000);
    mine[0]?.client.send(Buffer.from('I am here'));
    await bed.run();
    const [newest] = await opened(bed, 1, { ...sensor1, cipherSuites });
    expect(mine.map(({ client }) => client.isOpen)).toEqual([true, false, true]);
    expect(mine[1]?.closed).toEqual(['close-notify']);
    expect([newest?.client.isOpen, stranger?.client.isOpen]).toEqual([true, true]);
    expect(bed.log.slice(-2)).toEqual(['close sensor1 displaced', 'open sensor1']);
    expect(bed.server).toMatchObject({ associations: 4, counters: { displacedAssociations: 1 } });
  });

  test('a device that reboots again and again never has more associations than its bound, and always gets in', async () => {
    const bed = bedWith({ limits: { maxAssociationsPerPrincipal: 8 } });
    for (let i = 0; i < 50; i++) {
      const [device] = await opened(bed, 1, { ...sensor1, cipherSuites });
      device?.client.vanish();
      expect(bed.log.at(-1)).toBe('open sensor1');
    }
    expect(bed.server.associations).toBe(8);
  });

  test.each([
    [0, 12],
    [2, 2],
    [undefined, 3],
  ])('a device whose own bound is %s keeps %d of 12 associations', async (said, expected) => {
    const bed = bedWith({
      limits: { maxAssociationsPerPrincipal: 3 },
      maxAssociationsOf: (principal) => (principal === 'sensor1' ? said : 1),
    });
    await opened(bed, 12, { ...sensor1, cipherSuites });
    expect(bed.server.associations).toBe(expected);
  });

  test('associations of all devices are bounded: the device that has most loses its own', async () => {
    const bed = bedWith({ limits: { maxAssociations: 10 } });
    const honest = [
      ...(await opened(bed, 1, other)),
      ...(await opened(bed, 1, { ...other, ...psk('sensor3', 'hono-secret') })),
    ];
    await opened(bed, 50, { ...sensor1, cipherSuites });
    expect(honest.map(({ client }) => client.isOpen)).toEqual([true, true]);
    const [late] = await opened(bed, 1, { ...other, ...psk('sensor4', 'hono-secret') });
    expect(late?.client.isOpen).toBe(true);
    expect(bed.server.associations).toBe(10);
    expect(bed.server.associationsOf('sensor1')).toHaveLength(7);
  });

  test('associations of all devices are bounded: where each has one, the one silent longest gives way', async () => {
    const bed = bedWith({ limits: { maxAssociations: 3 } });
    const devices = [];
    for (let i = 1; i <= 3; i++)
      devices.push(...(await opened(bed, 1, { ...other, ...psk(`sensor${i}`, 'hono-secret') })));
    await bed.runFor(1_000);
    devices[0]?.client.send(Buffer.from('I am here'));
    await bed.run();
    await opened(bed, 1, { ...other, ...psk('sensor4', 'hono-secret') });
    expect(devices.map(({ client }) => client.isOpen)).toEqual([true, false, true]);
  });

  test.each(['onClose', 'onHandshakeFailed'])(
    'an association gives way also where %s throws',
    async (hook) => {
      const errors: string[] = [];
      const bed = bedWith({
        limits: { maxAssociations: 2, maxPendingHandshakes: 1 },
        onError: (error) => errors.push(String(error)),
        [hook]: () => {
          throw new Error('no');
        },
      });
      for (let i = 0; i < 3; i++) {
        const { client } = bed.device({ ...sensor1, cipherSuites }, undefined, cookieOnly.sends);
        client.connect();
        await bed.run();
        client.vanish();
      }
      const late = await opened(bed, 4, { ...sensor1, cipherSuites });
      expect(late.at(-1)?.client.isOpen).toBe(true);
      expect(bed.server.associations).toBe(2);
      expect(new Set(errors)).toEqual(new Set(['Error: no']));
    },
  );
});
