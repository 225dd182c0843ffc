import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { createTestBed, sensor1 } from '../testing/test-bed.ts';
import { createDtlsClient } from '../testing/dtls-client.ts';
import type { DtlsLimits } from './options.ts';
import type { Peer } from './peer.ts';

const home: Peer = { address: '192.0.2.1', port: 1 };

/** A client of an earlier server, and its records. */
async function givenAfterARestart(limits: Partial<DtlsLimits> = {}, connectionId?: Buffer) {
  const clock = new ManualClock();
  const server = { connectionIdBytes: 8, limits };
  const before = createTestBed({ clock, settled, server });
  const facts = { ...sensor1, ...(connectionId && { connectionId }) };
  const device = before.device({ ...facts, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] }, home);
  device.client.connect();
  await before.run();
  const after = createTestBed({ clock, settled, server });
  const data = (text = 'data'): Buffer => device.client.seal(23, Buffer.from(text));
  return { ...after, clock, client: device.client, data };
}

describe('data in an association that the server does not know after a restart', () => {
  test('data in an unknown association is answered with an unprotected fatal alert, which is shorter', async () => {
    const { forge, data, answers, destinations, server } = await givenAfterARestart();
    const record = data('');
    forge(record, home);
    expect(answers.map((answer) => answer.toString('hex'))).toEqual(['15fefd00000000000100010002020a']);
    expect(answers[0]?.length).toBeLessThan(record.length);
    expect(destinations).toEqual(['192.0.2.1:1']);
    expect(server.counters).toMatchObject({ strayAlerts: 1, dropped: { 'unknown-association': 1 } });
  });

  test('only a client that acts on such an alert begins again', async () => {
    const { forge, data, answers } = await givenAfterARestart();
    forge(data(), home);
    const [alert] = answers;
    if (!alert) throw new Error('there is no alert');
    // A client acts on it during a handshake; with an open association it does not, since anyone could have sent the alert.
    const closed: string[] = [];
    const listening = createDtlsClient({
      ...sensor1,
      clock: new ManualClock(),
      cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
      send() {},
      onClose: (reason) => closed.push(reason),
    });
    listening.connect();
    listening.receive(alert);
    expect(closed).toEqual(['alert']);
  });

  test('a datagram is answered with one alert, however many records it has', async () => {
    const { forge, data, answers } = await givenAfterARestart();
    forge(Buffer.concat([data(), data(), data()]), home);
    expect(answers).toHaveLength(1);
  });

  test.each<[string, (bed: Awaited<ReturnType<typeof givenAfterARestart>>) => Buffer]>([
    [
      'an alert: two that do not know each other would go on for ever',
      ({ client }) => client.seal(21, Buffer.from([1, 0])),
    ],
    ['a handshake message', ({ client }) => client.seal(22, Buffer.from([20, 0, 0, 0]))],
    [
      'what is too short to be protected',
      () => Buffer.from('17fefd0001000000000001000f' + 'aa'.repeat(15), 'hex'),
    ],
    ['an alert that nothing protects', () => Buffer.from('15fefd00000000000000010002020a', 'hex')],
  ])('no alert answers %s', async (_what, record) => {
    const bed = await givenAfterARestart();
    bed.forge(record(bed), home);
    expect(bed.answers).toEqual([]);
  });

  test('no alert answers a record with a connection id: it may belong to another server', async () => {
    const { forge, data, answers, server } = await givenAfterARestart({}, Buffer.from('dev1'));
    forge(data(), home);
    expect(answers).toEqual([]);
    expect(server.counters.dropped['unknown-association']).toBe(1);
  });

  test('no alert is sent while a handshake is under way at that address', async () => {
    const { forge, data, answers, device, run } = await givenAfterARestart();
    const { client } = device(
      {
        ...sensor1,
        cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
        tamper: { message: (type, body) => (type === 16 ? Buffer.from([0xff]) : body) },
      },
      home,
    );
    client.connect();
    await run();
    const before = answers.length;
    forge(data(), home);
    await run();
    expect(answers).toHaveLength(before);
    expect(client.alert).toBeUndefined();
  });

  test('no alert is sent right after an association has ended at that address: the record may be late', async () => {
    const { forge, answers, device, run, clock } = await givenAfterARestart();
    const { client } = device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] }, home);
    client.connect();
    await run();
    const late = client.seal(23, Buffer.from('late'));
    client.close();
    await run();
    const before = answers.length;
    clock.advance(4_999);
    forge(late, home);
    expect(answers).toHaveLength(before);
    clock.advance(1);
    forge(late, home);
    expect(answers).toHaveLength(before + 1);
  });

  test('alerts are bounded for each second, whatever address they go to', async () => {
    const { forge, data, answers, clock } = await givenAfterARestart({ maxStrayAlertsPerSecond: 10 });
    const flood = (): void => {
      for (let port = 1; port <= 1_000; port++) forge(data(), { address: '192.0.2.1', port });
    };
    flood();
    expect(answers).toHaveLength(10);
    clock.advance(500);
    flood();
    expect(answers).toHaveLength(15);
    clock.advance(600_000);
    flood();
    expect(answers).toHaveLength(25);
  });

  test('no alert is sent with maxStrayAlertsPerSecond 0', async () => {
    const { forge, data, answers } = await givenAfterARestart({ maxStrayAlertsPerSecond: 0 });
    forge(data(), home);
    expect(answers).toEqual([]);
  });
});
