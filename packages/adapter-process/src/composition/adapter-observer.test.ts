import type { Timestamp } from '@rollcall/core';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, expect, test } from 'vitest';
import { scriptedPassword, ScriptedRegistry } from '@rollcall/conformance/registry';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';
import type { AdapterObserver, ObservedState } from '@rollcall/adapter-kit';
import type { AppMetricValue } from '@rollcall/adapter-kit/internal';

const running: ScriptedInTest[] = [];

afterEach(async () => {
  for (const { running: adapter, clock } of running.splice(0)) {
    const stopped = adapter.stop({ graceMs: 0 });
    await clock.advanceAsync(0);
    await stopped;
  }
});

/** An observer that keeps what it is told, and what it may read. */
function recordingObserver() {
  const facts: (readonly [fact: string, ...about: unknown[]])[] = [];
  const states: Partial<ObservedState> = {};
  const numbers: Record<string, () => AppMetricValue> = {};
  const observer: AdapterObserver = {
    attempted: ({ device, outcome, cause }) => facts.push(['attempted', outcome, cause, device?.device]),
    published: ({ type, remoteId }) => facts.push(['published', type, remoteId]),
    announced: ({ type, remoteId }) => facts.push(['announced', type, remoteId]),
    delivered: (sink, { type }, delayMs) => facts.push(['delivered', sink, type, delayMs]),
    retried: (sink, { type }, cause) => facts.push(['retried', sink, type, cause.message]),
    parked: (sink, { type }, cause) => facts.push(['parked', sink, type, cause.message]),
    leftOut: (sink) => facts.push(['leftOut', sink]),
    uploaded: ({ request, result, durationMs }) =>
      facts.push(['uploaded', request.by?.device.device, result.status, durationMs]),
    dropped: (status) => facts.push(['dropped', status]),
    turnedAway: (cause, remoteIp) => facts.push(['turnedAway', cause, remoteIp]),
    failed: (where, error) => facts.push(['failed', where, error]),
    watch: (part, state) => Object.assign(states, { [part]: state }),
    counter: ({ name }, read) => (numbers[name] = read),
    gauge: ({ name }, read) => (numbers[name] = read),
  };
  return { observer, states, numbers, take: () => facts.splice(0) };
}

async function givenAnObservedAdapter(
  observers: readonly Partial<AdapterObserver>[],
  registry = new ScriptedRegistry(),
) {
  let answer: Delivery = { status: 'delivered' };
  const adapter = await startScripted({
    observers,
    registry,
    answer: () => answer,
    settings: { announceIntervalMs: 60_000, outbox: { maxEvents: 2, maxBytes: 1_000_000 } },
  });
  running.push(adapter);
  return { ...adapter, answers: (next: Delivery) => (answer = next) };
}

const refused: Delivery = { status: 'refused', cause: new Error('no such address') };
const away: Delivery = { status: 'retryable', cause: new Error('away') };

const login = { username: 'thermostat-7@acme', remoteIp: '192.0.2.1' };
const [right, wrong] = [scriptedPassword, 'wrong'].map((password) => Buffer.from(password)) as [
  Buffer,
  Buffer,
];

test('an observer is told of attempts to connect', async () => {
  const { observer, take } = recordingObserver();
  const { host } = await givenAnObservedAdapter([observer]);
  await host.access.authenticate({ ...login, password: wrong });
  host.access.refused('credentials-missing');
  const result = await host.access.authenticate({ ...login, password: right });
  expect(take()).toEqual([
    ['attempted', 'bad-credentials', 'wrong-secret', undefined],
    ['attempted', 'bad-credentials', 'credentials-missing', undefined],
  ]);
  if (result.status !== 'accepted') throw new Error('refused');
  expect(host.access.admit(result.identity)).toBeUndefined();
  expect(take()).toEqual([['attempted', 'succeeded', undefined, 'thermostat-7']]);
});

test('an observer is told of events, and what becomes of them', async () => {
  const { observer, take } = recordingObserver();
  const { begin, clock, answers } = await givenAnObservedAdapter([observer]);
  const { connection } = await begin();
  await clock.advanceAsync(0);
  expect(take()).toEqual([
    ['published', 'connected', 'unit-1'],
    ['delivered', 'recording', 'connected', 0],
  ]);
  await clock.advanceAsync(60_000);
  expect(take()[0]).toEqual(['announced', 'connected', 'unit-1']);
  answers(refused);
  connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  await clock.advanceAsync(0);
  expect(take()).toEqual([
    ['published', 'disconnected', 'unit-1'],
    ['parked', 'recording', 'disconnected', 'no such address'],
  ]);
  answers(away);
  await begin({ remoteId: 'unit-2', username: 'valve-1@umbrella' });
  await clock.advanceAsync(0);
  expect(take()).toEqual([
    ['published', 'connected', 'unit-2'],
    ['retried', 'recording', 'connected', 'away'],
  ]);
  // More pairs than the outbox has room for.
  for (const remoteId of ['unit-3', 'unit-4']) {
    const brief = await begin({ remoteId });
    brief.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  }
  expect(take()).toContainEqual(['leftOut', 'recording']);
  answers({ status: 'delivered' });
  await clock.advanceAsync(10_000);
  expect(take()).toContainEqual(['delivered', 'recording', 'connected', expect.any(Number)]);
});

test('an observer is told of uploads, of peers that are turned away, and of failures', async () => {
  const { observer, take } = recordingObserver();
  const { host, sender, clock } = await givenAnObservedAdapter([observer]);
  const result = await host.access.authenticate({ ...login, password: right });
  if (result.status !== 'accepted') throw new Error('refused');
  const request = { by: result.identity, endpoint: 'event', qos: 1, origAddress: 'e' } as const;
  sender.outcome = () => {
    clock.advance(7);
    return { status: 'accepted' };
  };
  await host.uplink.upload({ ...request, payload: Buffer.from('data') });
  await host.uplink.upload(request);
  host.uplink.dropped({ status: 400, text: 'empty payload' }, result.identity.device);
  host.context.turnedAway('pending', '192.0.2.1');
  const error = new Error('boom');
  host.context.failed('mqtt', error);
  expect(take()).toEqual([
    ['uploaded', 'thermostat-7', 'accepted', 7],
    ['uploaded', 'thermostat-7', 'failed', 0],
    ['dropped', 400],
    ['turnedAway', 'pending', '192.0.2.1'],
    ['failed', 'mqtt', error],
  ]);
});

test('an observer may read what there is at the moment, and what the app counts', async () => {
  const { observer, states, numbers } = recordingObserver();
  const loaded = { current: true, loadedAt: 0 as Timestamp, devices: 3, heldDevices: 0 };
  const registry = Object.assign(new ScriptedRegistry(), { state: () => loaded });
  const { host, begin, beginAnonymous, answers } = await givenAnObservedAdapter([observer], registry);
  answers(away);
  await begin();
  beginAnonymous();
  host.context.metrics.gauge({ name: 'x_open', help: 'open' }, () => 3);
  expect(states.presence?.byTenant()).toEqual(new Map([['acme', 1]]));
  expect(states.presence?.anonymous()).toBe(1);
  expect(states.authentication?.waiting()).toBe(0);
  expect(states.outbox?.depth()).toMatchObject([{ sink: 'recording', events: 1 }]);
  expect(states.outbox?.memoryBytes()).toBeGreaterThan(0);
  expect([states.journal?.behind(), states.journal?.begunAnew(), states.journal?.unread]).toEqual([
    false,
    0,
    {},
  ]);
  expect(numbers['x_open']?.()).toBe(3);
  expect(states.registry?.state()).toBe(loaded);
  expect(states.files?.states()).toEqual([]);
  answers({ status: 'delivered' });
});

test('an observer that throws changes nothing for devices, for sinks and for other observers', async () => {
  const { observer, take } = recordingObserver();
  const throwing = new Proxy<Partial<AdapterObserver>>(
    {},
    {
      get: (_target, fact) => () => {
        if (fact !== 'watch' && fact !== 'counter' && fact !== 'gauge') throw new Error(String(fact));
      },
    },
  );
  const { begin, events, logged, host } = await givenAnObservedAdapter([throwing, observer]);
  await begin();
  await events(1);
  host.context.failed('mqtt', new Error('boom'));
  expect(take().map(([fact]) => fact)).toEqual(['published', 'delivered', 'failed']);
  expect(logged).toMatchObject([
    { level: 'error', facts: { where: 'observer', err: new Error('published') } },
    { level: 'error', facts: { where: 'mqtt' } },
  ]);
});
