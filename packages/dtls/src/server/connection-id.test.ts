import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { createTestBed, sensor1, type TestBed, type TestDevice } from '../testing/test-bed.ts';
import type { Peer } from './peer.ts';

const elsewhere: Peer = { address: '10.9.9.9', port: 999 };

async function givenADevice(
  connectionIdBytes = 8,
): Promise<TestBed & TestDevice & { readonly moves: string[] }> {
  const moves: string[] = [];
  const bed = createTestBed({
    clock: new ManualClock(),
    settled,
    server: {
      connectionIdBytes,
      onAddressChanged: ({ peer }, previous) => moves.push(`${previous.address} -> ${peer.address}`),
    },
  });
  const device = bed.device({
    ...sensor1,
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    connectionId: Buffer.from('dev1'),
  });
  device.client.connect();
  await bed.run();
  return Object.assign(device, bed, { moves });
}

describe('a device with a connection id', () => {
  test('is known wherever its newest record comes from', async () => {
    const device = await givenADevice();
    device.peer = elsewhere;
    device.client.send(Buffer.from('moved'));
    await device.run();
    expect(device.log).toEqual(['open sensor1', 'message 10.9.9.9:999 moved']);
    expect(device.received).toEqual(['moved']);
    expect(device.moves).toEqual(['127.0.0.1 -> 10.9.9.9']);
    expect(device.server.counters.addressChanges).toBe(1);
  });

  test('stays where it is when an older record, or a replayed one, comes from elsewhere', async () => {
    const device = await givenADevice();
    const [older, newer] = ['older', 'newer'].map((text) => device.client.seal(23, Buffer.from(text)));
    if (!older || !newer) throw new Error('two records');
    device.forge(newer, device.peer);
    device.forge(older, elsewhere);
    device.forge(newer, elsewhere);
    await device.run();
    expect(device.moves).toEqual([]);
    expect(device.associations[0]?.peer).toMatchObject({ address: '127.0.0.1' });
    expect(device.log.slice(1)).toEqual(['message 127.0.0.1:1 newer', 'message 127.0.0.1:1 older']);
    expect(device.server.counters.dropped.replayed).toBe(1);
  });

  test('stays where it is when a changed record comes from elsewhere', async () => {
    const device = await givenADevice();
    const record = device.client.seal(23, Buffer.from('x'));
    record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
    device.forge(record, elsewhere);
    expect(device.moves).toEqual([]);
    expect(device.server.counters.dropped['not-authentic']).toBe(1);
  });

  test('puts nobody out where it moves to', async () => {
    const device = await givenADevice();
    const neighbour = device.device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] });
    neighbour.client.connect();
    await device.run();
    device.forge(device.client.seal(23, Buffer.from('spoofed')), neighbour.peer);
    neighbour.client.send(Buffer.from('still here'));
    await device.run();
    expect(device.log.slice(2)).toEqual(['message 127.0.0.1:2 spoofed', 'message 127.0.0.1:2 still here']);
    expect(neighbour.received).toEqual(['still here']);
    expect(device.server.associations).toBe(2);
  });

  test('moves back and forth, and ends wherever it is', async () => {
    const device = await givenADevice();
    const home = device.peer;
    for (const peer of [elsewhere, home, elsewhere]) {
      device.peer = peer;
      device.client.send(Buffer.from('x'));
      await device.run();
    }
    device.client.close();
    await device.run();
    expect(device.moves).toHaveLength(3);
    expect(device.log.at(-1)).toBe('close sensor1 close-notify');
    expect(device.server.associations).toBe(0);
  });

  test('an unknown connection id is dropped without a word', async () => {
    const device = await givenADevice();
    const record = device.client.seal(23, Buffer.from('x'));
    record.fill(0xee, 11, 19);
    const answered = device.answers.length;
    device.forge(record, device.peer);
    expect(device.server.counters.dropped['unknown-association']).toBe(1);
    expect(device.answers).toHaveLength(answered);
  });
});

test('without connection ids on the server there are none', async () => {
  const device = await givenADevice(0);
  device.client.send(Buffer.from('hello'));
  await device.run();
  expect(device.received).toEqual(['hello']);
  expect(device.client.serverConnectionId).toHaveLength(0);
  device.forge(Buffer.from('19fefd00010000000000000005aabbccddee', 'hex'), device.peer);
  expect(device.server.counters.dropped['unknown-association']).toBe(1);
});
