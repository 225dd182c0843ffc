import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createTestBed, sensor1, type TestBedOptions } from '../testing/test-bed.ts';
import type { Peer } from './peer.ts';

const cipherSuites = ['TLS_PSK_WITH_AES_128_CCM_8'] as const;
const cursed: Peer = { address: '10.0.0.66', port: 0 };

function given(server: NonNullable<TestBedOptions['server']>) {
  const clock = new ManualClock();
  const errors: string[] = [];
  const bed = createTestBed({
    clock,
    settled,
    server: {
      onError: (error, { address }) => errors.push(`${address} ${(error as Error).message}`),
      ...server,
    },
  });
  const connect = async (peer?: Peer) => {
    const { client } = bed.device({ psk: sensor1.psk, cipherSuites }, peer);
    client.connect();
    await bed.run();
    return client;
  };
  return { ...bed, clock, errors, connect };
}

function curse({ address }: Peer): void {
  if (address === cursed.address) throw new Error('cursed');
}

test.each<[string, NonNullable<TestBedOptions['server']>]>([
  ['send', { send: (_, peer) => curse(peer) }],
  [
    'findPsk, before it promises anything',
    { findPsk: (_, peer) => (curse(peer), Promise.resolve(undefined)) },
  ],
  ['onOpen', { onOpen: ({ peer }) => curse(peer) }],
  ['onMessage', { onMessage: ({ peer }) => curse(peer) }],
  ['onClose', { onClose: ({ peer }) => curse(peer) }],
  ['onHandshakeFailed', { onHandshakeFailed: curse, findPsk: async () => undefined }],
])(
  'where %s throws for a peer, nothing of that peer is kept, and receive throws nothing',
  async (_what, server) => {
    const { clock, connect, errors, runFor, server: dtls } = given(server);
    const client = await connect(cursed);
    if (client.isOpen) client.send(Buffer.from('hello'));
    await runFor(70_000);
    client.close();
    await runFor(1_000);
    // An unknown identity counts as a failed look-up.
    if (errors.length === 0) expect(dtls.counters.lookupFailures).toBeGreaterThan(0);
    expect(new Set(errors)).toEqual(new Set(errors.length === 0 ? [] : ['10.0.0.66 cursed']));
    expect(dtls.pendingHandshakes).toBe(0);
    expect(dtls.associations).toBe(0);
    dtls.close();
    expect(clock.armed).toBe(0);
  },
);

test('where a flight cannot be sent again, those of other clients are', async () => {
  let isBroken = false;
  const sentTo: string[] = [];
  const { device, run, runFor, errors } = given({
    send(_, peer) {
      if (isBroken) curse(peer);
      sentTo.push(peer.address);
    },
  });
  // Nothing the server sends arrives: it repeats its flight to both.
  for (const peer of [cursed, { address: '10.0.0.1', port: 1 }])
    device({ psk: sensor1.psk, cipherSuites }, peer).client.connect();
  await run();
  isBroken = true;
  sentTo.length = 0;
  await runFor(3_000);
  expect(errors.length).toBeGreaterThan(0);
  expect(sentTo.filter((address) => address === '10.0.0.1').length).toBeGreaterThan(0);
});

test('where onMessage throws, the association is ended with an alert, and others go on', async () => {
  const { connect, errors, run, log } = given({
    onMessage(association, plaintext) {
      curse(association.peer);
      association.send(plaintext);
    },
  });
  const victim = await connect(cursed);
  const healthy = await connect();
  victim.send(Buffer.from('x'));
  await run();
  expect(victim.isOpen).toBe(false);
  expect(errors).toEqual(['10.0.0.66 cursed']);
  expect(log).toContain('close sensor1 aborted');
  healthy.send(Buffer.from('x'));
  await run();
  expect(healthy.isOpen).toBe(true);
});

test('without onError the error is thrown by receive', async () => {
  const { forge } = createTestBed({
    clock: new ManualClock(),
    settled,
    server: { send: () => curse(cursed) },
  });
  const { sent, client } = given({}).device({ psk: sensor1.psk, cipherSuites });
  client.connect();
  expect(() => forge(sent[0] ?? Buffer.alloc(0), cursed)).toThrow('cursed');
});
