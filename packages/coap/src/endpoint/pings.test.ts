import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { anEmpty, createEndpointBed } from '../testing/endpoint-bed.ts';

function givenAPing() {
  const clock = new ManualClock();
  const bed = createEndpointBed(clock);
  const outcomes: boolean[] = [];
  void bed.endpoint.ping('device').then((isAlive) => outcomes.push(isAlive));
  return { ...bed, clock, outcomes };
}

test.each(['RST', 'ACK'] as const)(
  'a ping resolves to true when the peer answers with an %s',
  async (type) => {
    const { say, sentInShort, outcomes, endpoint, clock } = givenAPing();
    expect(sentInShort()).toEqual(['CON 0.00 #0']);
    say(anEmpty(type, 0));
    await settled();
    expect(outcomes).toEqual([true]);
    expect(endpoint.statistics()).toMatchObject({ pings: 0, peers: 0 });
    await clock.advanceAsync(300_000);
    expect(sentInShort()).toEqual([]);
    expect(clock.armed).toBe(0);
  },
);

test('a ping resolves to false when none of five transmissions is answered', async () => {
  const { clock, sentInShort, outcomes, endpoint } = givenAPing();
  await clock.advanceAsync(61_999);
  expect(outcomes).toEqual([]);
  expect(sentInShort()).toEqual(Array.from({ length: 5 }, () => 'CON 0.00 #0'));
  await clock.advanceAsync(1);
  expect(outcomes).toEqual([false]);
  expect(endpoint.statistics()).toMatchObject({ pings: 0, peers: 0, sentAgain: 4 });
});

test('a ping resolves to true when the last transmission is answered', async () => {
  const { clock, say, outcomes } = givenAPing();
  await clock.advanceAsync(61_000);
  say(anEmpty('RST', 0));
  await settled();
  expect(outcomes).toEqual([true]);
});

test('a ping is answered by its own peer and id only', async () => {
  const { say, outcomes } = givenAPing();
  say(anEmpty('RST', 0), 'another');
  say(anEmpty('RST', 1));
  say(anEmpty('ACK', 65_535));
  await settled();
  expect(outcomes).toEqual([]);
});

test('a second ping starts the transmissions again, and both resolve to the same answer', async () => {
  const { endpoint, clock, say, sentInShort, outcomes } = givenAPing();
  await clock.advanceAsync(50_000);
  sentInShort();
  const again = endpoint.ping('device');
  expect(sentInShort()).toEqual(['CON 0.00 #1']);
  expect(endpoint.statistics()).toMatchObject({ pings: 1 });
  // The first one would have been given up by now.
  await clock.advanceAsync(12_000);
  expect(sentInShort()).toEqual(['CON 0.00 #1', 'CON 0.00 #1']);
  expect(outcomes).toEqual([]);
  say(anEmpty('RST', 1));
  expect(await again).toBe(true);
  expect(outcomes).toEqual([true]);
  void endpoint.ping('device');
  expect(sentInShort()).toHaveLength(1);
});

test('a ping resolves to false when its peer is forgotten', async () => {
  const { endpoint, outcomes } = givenAPing();
  endpoint.forget('device');
  await settled();
  expect(outcomes).toEqual([false]);
});
