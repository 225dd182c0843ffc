import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import { createTestBed, sensor1, type TestBed } from '../testing/test-bed.ts';

const suites: readonly CipherSuiteName[] = [
  'TLS_PSK_WITH_AES_128_CCM_8',
  'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
];

/** The type of the message that a server's flight begins with. */
const serverHello = 2;

/** More in the soak. */
const seeds = process.env['ROLLCALL_FUZZ_CASES'] ? [1, 2, 3] : [1];

/** Of 100 datagrams 20 are lost, 20 come twice, 20 are overtaken by others. */
function lossyBed(seed: number): TestBed {
  const random = seededRandom(seed);
  return createTestBed({
    clock: new ManualClock(),
    settled,
    server: { maxDatagramBytes: 400, connectionIdBytes: 8 },
    network: (datagram) =>
      [[], [datagram, datagram], [datagram], [datagram], [datagram]][random.pick(5)] ?? [],
    placeInQueue: (queued) =>
      random.pick(5) === 0 ? queued - random.pick(Math.min(queued, 10) + 1) : queued,
  });
}

describe.each(suites)('a network that loses, doubles and reorders, %s', (name) => {
  test.each(seeds)('over a lossy network every handshake is done (seed %d)', async (seed) => {
    // given
    const { device, runFor, log, server } = lossyBed(seed);
    const devices = Array.from({ length: 20 }, (_, i) =>
      device({
        ...sensor1,
        cipherSuites: [name],
        maxDatagramBytes: 300,
        ...(i % 2 ? { connectionId: Buffer.from([i]) } : {}),
      }),
    );
    // when
    for (const { client } of devices) client.connect();
    await runFor(59_000);
    // then
    expect(log).toEqual(Array.from({ length: 20 }, () => 'open sensor1'));
    expect(devices.filter(({ client }) => client.isOpen)).toHaveLength(20);
    expect(server.pendingHandshakes).toBe(0);
  });

  test('over a lossy network no data is delivered twice', async () => {
    const { device, runFor, log } = lossyBed(4);
    const { client } = device({ ...sensor1, cipherSuites: [name] });
    client.connect();
    await runFor(30_000);
    for (let i = 0; i < 200; i++) client.send(Buffer.from(String(i)));
    await runFor(1_000);
    const messages = log.filter((line) => line.startsWith('message'));
    expect(new Set(messages).size).toBe(messages.length);
    expect(messages.length).toBeGreaterThan(100);
  });
});

test('flights are sent again with ever longer waits, until the handshake times out', async () => {
  // given a client that vanishes after its second hello
  const { device, run, runFor, answers, log, server } = createTestBed({ clock: new ManualClock(), settled });
  const { client } = device({
    ...sensor1,
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM'],
    tamper: { message: (type, body) => (type === 16 ? Buffer.from([0xff]) : body) },
  });
  client.connect();
  await run();
  client.vanish();
  // when
  const sentBy: number[] = [];
  for (let second = 0; second < 120; second++) {
    sentBy.push(answers.length);
    await runFor(1_000);
  }
  // then a HelloVerifyRequest and a first flight, again after 1 s, 2 s, 4 s
  const repeatedAt = sentBy.flatMap((count, second) => (count > (sentBy[second - 1] ?? 2) ? [second] : []));
  expect(repeatedAt).toEqual([1, 3, 7]);
  expect(log).toEqual(['failed timeout']);
  expect(server.pendingHandshakes).toBe(0);
});

test.each([
  ['576 bytes, as any host must take', 548],
  ['284 bytes', 256],
])(
  'behind a path that lets no more than %s through, a handshake with certificates is done',
  async (_, max) => {
    // given
    const { device, runFor, answers, log } = createTestBed({
      clock: new ManualClock(),
      settled,
      network: (datagram) => (datagram.length > max ? [] : [datagram]),
    });
    const { client } = device({
      ...sensor1,
      cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
      maxDatagramBytes: 256,
    });
    // when
    client.connect();
    await runFor(30_000);
    // then
    expect(log).toEqual(['open sensor1']);
    expect(client.isOpen).toBe(true);
    expect(Math.max(...answers.map(({ length }) => length))).toBeGreaterThan(max);
  },
);

test('a flight that is not answered is sent twice as it was, then in ever smaller datagrams', async () => {
  // given a client whose path lets nothing of the flight through
  const { device, runFor, answers } = createTestBed({
    clock: new ManualClock(),
    settled,
    network: (datagram) => (datagram[13] === serverHello ? [] : [datagram]),
  });
  const { client } = device({ ...sensor1, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] });
  client.connect();
  await runFor(25_000);
  // then
  const flights = answers.slice(1).flatMap((datagram) => (datagram[13] === serverHello ? [datagram] : []));
  const sizes = flights.map(({ length }) => length);
  const [first = 0] = sizes;
  expect(first).toBeGreaterThan(548);
  expect(sizes.slice(0, 2)).toEqual([first, first]);
  expect(sizes.slice(2).every((size) => size <= 548)).toBe(true);
  expect(sizes.slice(4)).not.toEqual([]);
  expect(sizes.slice(4).every((size) => size <= 256)).toBe(true);
});

test('the last flight is sent again for a client that missed it', async () => {
  // given
  let losing = false;
  const { device, run, runFor, server, log } = createTestBed({
    clock: new ManualClock(),
    settled,
    network: (datagram) =>
      losing && datagram.includes(Buffer.from([20, 0xfe, 0xfd])) && datagram[0] === 20 ? [] : [datagram],
  });
  const { client } = device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] });
  // when the server's ChangeCipherSpec and Finished are lost
  losing = true;
  client.connect();
  await run();
  expect(log).toEqual(['open sensor1']);
  expect(client.isOpen).toBe(false);
  losing = false;
  await runFor(5_000);
  // then
  expect(client.isOpen).toBe(true);
  expect(server.counters).toMatchObject({ handshakes: 1, retransmissions: 1 });
});
