import { afterEach, expect, test } from 'vitest';
import { givenAnAdapter, stopAdapters } from './testing/given-adapter.ts';

const basis = { kind: 'session', detectWithinMs: null } as const;

afterEach(stopAdapters);

test('both halves of a connection say what they must', async () => {
  const { begin, events, clock, running: adapter } = await givenAnAdapter();
  const { connection } = await begin();
  clock.advance(90_000);
  connection.report({ type: 'end', change: { reason: 'connection-lost', raw: { text: 'reset' } } });
  const [first, second] = await events(2);
  expect(first).toMatchObject({
    type: 'connected',
    adapter: { type: 'hono-test', id: 'adapter-in-test', instance: adapter.identity.instance },
    remoteId: 'unit-1',
    slot: 'unit-1',
    remoteAddress: '192.0.2.1:4711',
    at: Date.parse('2026-01-01T12:00:00Z'),
    basis,
  });
  const { journal, ...shared } = first ?? {};
  expect(journal).toEqual({ state: 'new' });
  expect(second).toEqual({
    ...shared,
    type: 'disconnected',
    id: expect.not.stringMatching(first?.id ?? ''),
    at: Date.parse('2026-01-01T12:01:30Z'),
    connectedAt: Date.parse('2026-01-01T12:00:00Z'),
    endedEpoch: expect.stringMatching(/^[0-9a-f]{16}$/),
    lastSeen: Date.parse('2026-01-01T12:00:00Z'),
    uncertaintyMs: 90_000,
    reason: 'connection-lost',
    initiator: 'network',
    clean: false,
    raw: { text: 'reset' },
  });
});

test('an end whose moment is known exactly has no uncertainty', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  const { connection } = await begin();
  clock.advance(90_000);
  connection.report({ type: 'end', change: { reason: 'client-closed' } });
  expect((await events(2))[1]).toMatchObject({ uncertaintyMs: 0, clean: true, initiator: 'device' });
});

test('a tracker may overrule what a reason implies', async () => {
  const { begin, events } = await givenAnAdapter();
  const { connection } = await begin();
  connection.report({ type: 'end', change: { reason: 'client-closed', clean: false } });
  expect((await events(2))[1]).toMatchObject({ reason: 'client-closed', clean: false });
});

test('a wall clock that steps back makes neither time nor uncertainty run backwards', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  const { connection } = await begin();
  clock.advance(10_000);
  clock.stepWall(-3_600_000);
  connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  await begin();
  const [first, second, third] = await events(3);
  if (second?.type !== 'disconnected') throw new Error('no disconnected event');
  expect(second.uncertaintyMs).toBe(10_000);
  expect(second.at - second.lastSeen).toBe(10_000);
  expect((third?.epoch ?? '') > (first?.epoch ?? '')).toBe(true);
});

test('connected-at, last-seen and at are in order, and as far apart as time went, whatever the wall clock does', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  for (const stepMs of [-3_600_000, -20, 0, 20, 7_200_000]) {
    const { connection } = await begin();
    clock.advance(4_000);
    clock.stepWall(stepMs);
    connection.report({ type: 'heard' });
    clock.advance(10_000);
    clock.stepWall(-stepMs / 2);
    connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  }
  for (const event of await events(10)) {
    if (event.type === 'connected') continue;
    expect(event.at - event.connectedAt).toBe(14_000);
    expect(event.lastSeen - event.connectedAt).toBe(4_000);
    expect(event.uncertaintyMs).toBe(10_000);
  }
});

test('endings of an adapter are in the order of their epochs, whatever the wall clock does', async () => {
  const { begin, events, clock } = await givenAnAdapter();
  for (const stepMs of [0, -3_600_000, 5_000]) {
    const { connection } = await begin();
    clock.advance(1_000);
    clock.stepWall(stepMs);
    connection.report({ type: 'end', change: { reason: 'client-closed' } });
  }
  const all = await events(6);
  const epochs = all.map((event) => (event.type === 'connected' ? event.epoch : event.endedEpoch) ?? '');
  for (const [index, epoch] of epochs.entries()) expect(epoch > (epochs[index - 1] ?? '')).toBe(true);
});

test('what is observed late is uncertain by the lateness, also where it would be known exactly', async () => {
  const { begin, events, clock } = await givenAnAdapter({ watchLoop: true });
  const { connection: left } = await begin({ remoteId: 'leaves' });
  const { connection: vanished } = await begin({ remoteId: 'vanishes' });
  clock.advance(10_000);
  clock.stall(5_000);
  vanished.report({ type: 'heard' });
  left.report({ type: 'end', change: { reason: 'client-closed' } });
  clock.advance(30_000);
  vanished.report({ type: 'end', change: { reason: 'connection-lost' } });
  const [, , goodbye, lost] = await events(4);
  const uncertainty = (event: typeof lost): number =>
    event?.type === 'disconnected' ? event.uncertaintyMs : -1;
  expect(uncertainty(goodbye)).toBeGreaterThanOrEqual(5_000);
  expect(uncertainty(goodbye)).toBeLessThanOrEqual(5_100);
  expect(uncertainty(lost)).toBeGreaterThanOrEqual(35_000);
  expect(uncertainty(lost)).toBeLessThanOrEqual(35_100);
});

test('a device that spoke while the adapter stood still stays; one that was silent is told', async () => {
  const { begin, events, clock } = await givenAnAdapter({ watchLoop: true });
  const { connection: speaking } = await begin({ remoteId: 'speaking', maxSilenceMs: 15_000 });
  await begin({ remoteId: 'silent', maxSilenceMs: 15_000 });
  clock.advance(10_000);
  clock.stall(60_000);
  // What it sent meanwhile is read after the timers rang.
  speaking.report({ type: 'heard' });
  clock.advance(5_000);
  expect((await events(3)).map(({ type, remoteId }) => `${type} ${remoteId}`)).toEqual([
    'connected speaking',
    'connected silent',
    'disconnected silent',
  ]);
});
