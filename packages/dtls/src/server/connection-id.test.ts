import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { createTestBed, sensor1, type TestBed, type TestDevice } from '../testing/test-bed.ts';
import type { Association } from './association.ts';
import type { Peer } from './peer.ts';

const elsewhere: Peer = { address: '10.9.9.9', port: 999 };

async function givenADevice(
  connectionIdBytes = 8,
): Promise<
  TestBed & TestDevice & { readonly candidates: string[]; readonly association: Association<string> }
> {
  const candidates: string[] = [];
  const bed = createTestBed({
    clock: new ManualClock(),
    settled,
    server: {
      connectionIdBytes,
      onCandidatePeer: (_, candidate) => candidates.push(candidate?.address ?? 'none'),
    },
  });
  const device = bed.device({
    ...sensor1,
    cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'],
    connectionId: Buffer.from('dev1'),
  });
  device.client.connect();
  await bed.run();
  const [association] = bed.associations;
  if (!association) throw new Error('there is no association');
  return Object.assign(device, bed, { candidates, association });
}

/** Where the association is, and where it may be. */
function places({ peer, candidatePeer }: Association<unknown>): (string | undefined)[] {
  return [peer.address, candidatePeer?.address];
}

describe('a device with a connection id', () => {
  test('a device with a connection id is heard from any address, and answered at the known one', async () => {
    const device = await givenADevice();
    device.peer = elsewhere;
    device.client.send(Buffer.from('moved'));
    await device.run();
    expect(device.log).toEqual(['open sensor1', 'message 10.9.9.9:999 moved']);
    expect(device.candidates).toEqual(['10.9.9.9']);
    expect(device.destinations.at(-1)).toBe('127.0.0.1:1');
    expect(places(device.association)).toEqual(['127.0.0.1', '10.9.9.9']);
    expect(device.server.counters.addressChanges).toBe(0);
  });

  test('a device is answered at the candidate address once the application confirms it', async () => {
    const device = await givenADevice();
    device.peer = elsewhere;
    device.client.send(Buffer.from('moved'));
    await device.run();
    const { association } = device;
    expect(association.candidatePeer && association.confirmPeer(association.candidatePeer)).toBe(true);
    device.client.send(Buffer.from('here'));
    await device.run();
    expect(device.destinations.at(-1)).toBe('10.9.9.9:999');
    expect(places(association)).toEqual(['10.9.9.9', undefined]);
    expect(device.candidates).toEqual(['10.9.9.9']);
    expect(device.server.counters.addressChanges).toBe(1);
  });

  test('an address that is no longer the candidate cannot be confirmed', async () => {
    const device = await givenADevice();
    const { association } = device;
    device.forge(device.client.seal(23, Buffer.from('relayed')), elsewhere);
    const candidate = association.candidatePeer;
    device.client.send(Buffer.from('home'));
    await device.run();
    expect(device.candidates).toEqual(['10.9.9.9', 'none']);
    expect(candidate && association.confirmPeer(candidate)).toBe(false);
    expect(association.confirmPeer(elsewhere)).toBe(false);
    expect(candidate && association.sendToCandidate(candidate, Buffer.from('x'))).toBe(false);
    expect(places(association)).toEqual(['127.0.0.1', undefined]);
  });

  test('an older, replayed or changed record, or a close_notify, makes no address the candidate', async () => {
    const device = await givenADevice();
    const [older, newer, changed] = ['older', 'newer', 'changed'].map((text) =>
      device.client.seal(23, Buffer.from(text)),
    );
    if (!older || !newer || !changed) throw new Error('three records');
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    device.forge(newer, device.peer);
    device.forge(older, elsewhere);
    device.forge(newer, elsewhere);
    device.forge(changed, elsewhere);
    await device.run();
    expect(device.log.slice(1)).toEqual(['message 127.0.0.1:1 newer', 'message 10.9.9.9:999 older']);
    expect(device.server.counters.dropped).toMatchObject({ replayed: 1, 'not-authentic': 1 });
    device.forge(device.client.seal(21, Buffer.from([1, 0])), elsewhere);
    expect(device.log.at(-1)).toBe('close sensor1 close-notify');
    expect(device.candidates).toEqual([]);
    expect(new Set(device.destinations)).toEqual(new Set(['127.0.0.1:1']));
  });

  test('the address of the newest record is the candidate, however many there are', async () => {
    const device = await givenADevice();
    for (let i = 1; i <= 1_000; i++)
      device.forge(device.client.seal(23, Buffer.from('x')), {
        address: `10.0.${i >> 8}.${i & 255}`,
        port: i,
      });
    expect(places(device.association)).toEqual(['127.0.0.1', '10.0.3.232']);
    expect(new Set(device.candidates).size).toBe(1_000);
    expect(new Set(device.destinations)).toEqual(new Set(['127.0.0.1:1']));
  });

  test('a candidate address is sent no more than three times the bytes that came from there', async () => {
    const device = await givenADevice();
    const { association } = device;
    const record = device.client.seal(23, Buffer.from('x'.repeat(30)));
    device.forge(record, elsewhere);
    const candidate = association.candidatePeer;
    if (!candidate) throw new Error('there is no candidate');
    const before = device.answers.length;
    let sent = 0;
    while (sent < 100 && association.sendToCandidate(candidate, Buffer.from('ping'))) sent++;
    const bytes = device.answers
      .slice(before)
      .filter((_, index) => device.destinations[before + index] === '10.9.9.9:999')
      .reduce((sum, { length }) => sum + length, 0);
    expect(sent).toBeGreaterThan(1);
    expect(bytes).toBeLessThanOrEqual(3 * record.length);
    device.forge(device.client.seal(23, Buffer.from('x')), elsewhere);
    expect(association.sendToCandidate(candidate, Buffer.from('ping'))).toBe(true);
  });

  test('a device that moves to the address of another leaves the other its association', async () => {
    const device = await givenADevice();
    const neighbour = device.device({ ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] });
    neighbour.client.connect();
    await device.run();
    device.forge(device.client.seal(23, Buffer.from('spoofed')), neighbour.peer);
    const { association } = device;
    expect(association.candidatePeer && association.confirmPeer(association.candidatePeer)).toBe(true);
    neighbour.client.send(Buffer.from('still here'));
    await device.run();
    expect(device.log.slice(2)).toEqual(['message 127.0.0.1:2 spoofed', 'message 127.0.0.1:2 still here']);
    expect(neighbour.received).toEqual(['still here']);
    expect(device.server.associations).toBe(2);
  });
});

describe('a device with a connection id whose old address another client takes', () => {
  async function givenAnother(connectionId = Buffer.alloc(0)) {
    const device = await givenADevice();
    const { peer } = device;
    const another = device.device(
      { ...sensor1, cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'], connectionId },
      peer,
    );
    another.client.connect();
    await device.run();
    return { device, another, association: device.association, sent: () => device.destinations.length };
  }

  test.each([
    ['without', undefined],
    ['with', Buffer.from('dev2')],
  ])(
    'a device whose address another one takes keeps its association, and has no address (the other is %s a connection id)',
    async (_, connectionId) => {
      const { device, another, association, sent } = await givenAnother(connectionId);
      expect(device.log).toEqual(['open sensor1', 'open sensor1']);
      expect(association).toMatchObject({ isOpen: true, isDetached: true });
      // Nothing is sent to the address of another client.
      const before = sent();
      association.send(Buffer.from('lost'));
      expect(sent()).toBe(before);
      // It comes back elsewhere, and goes on.
      device.forge(device.client.seal(23, Buffer.from('moved')), elsewhere);
      expect(device.log.at(-1)).toBe('message 10.9.9.9:999 moved');
      expect(association.candidatePeer && association.confirmPeer(association.candidatePeer)).toBe(true);
      expect(association.isDetached).toBe(false);
      association.send(Buffer.from('here'));
      expect(device.destinations.at(-1)).toBe('10.9.9.9:999');
      // And so does the other one.
      another.client.send(Buffer.from('mine'));
      await device.run();
      expect(another.received).toEqual(['mine']);
    },
  );

  test('a device that lost its address must be confirmed there again', async () => {
    const { device, association, sent } = await givenAnother();
    const before = sent();
    device.forge(device.client.seal(23, Buffer.from('again')), device.peer);
    expect(sent()).toBe(before);
    expect(device.candidates).toEqual(['127.0.0.1']);
    expect(association.candidatePeer && association.confirmPeer(association.candidatePeer)).toBe(true);
    association.send(Buffer.from('here'));
    expect(sent()).toBe(before + 1);
  });

  test('a close_notify from any address ends the association, and nothing is sent to the address that was taken', async () => {
    const { device, association, sent } = await givenAnother();
    const before = sent();
    device.forge(device.client.seal(21, Buffer.from([1, 0])), elsewhere);
    expect(association.isOpen).toBe(false);
    expect(sent()).toBe(before);
  });
});

describe('records of an association that is not known', () => {
  test('a record with an unknown connection id is dropped, and nothing is answered', async () => {
    const device = await givenADevice();
    const record = device.client.seal(23, Buffer.from('x'));
    record.fill(0xee, 11, 19);
    const answered = device.answers.length;
    device.forge(record, device.peer);
    expect(device.server.counters.dropped['unknown-association']).toBe(1);
    expect(device.answers).toHaveLength(answered);
  });
});

test('a server without connection ids agrees on none', async () => {
  const device = await givenADevice(0);
  device.client.send(Buffer.from('hello'));
  await device.run();
  expect(device.received).toEqual(['hello']);
  expect(device.client.serverConnectionId).toHaveLength(0);
  device.forge(Buffer.from('19fefd00010000000000000005aabbccddee', 'hex'), device.peer);
  expect(device.server.counters.dropped['unknown-association']).toBe(1);
});
