import { expect, test } from 'vitest';
import { watchedSource } from './watched-source.ts';

const tenants = ['a', 'b'];
const multicast = { eventCapabilities: ['topic'], eventAddress: 'topic://VirtualTopic.event.{tenant}' };

test.each(['hono', 'artemis', 'activemq-classic'] as const)(
  '%s: a subscription that goes with its link',
  (network) => {
    expect(watchedSource({ ...multicast, name: network }, { tenants })).toEqual({
      source: { tenants, network, temporary: true },
      shared: false,
    });
  },
);

test.each([
  ['rabbitmq-3', '/amq/queue/watch%2F1'],
  ['rabbitmq-4', '/queues/watch%2F1'],
  ['activemq-classic', 'queue://watch/1'],
] as const)('%s: a queue that is there, and is never made', (network, address) => {
  expect(watchedSource({ ...multicast, name: network }, { tenants, queue: 'watch/1' })).toMatchObject({
    source: { address, maxTries: Infinity },
    shared: true,
  });
});

test.each([{ queue: 'watch' }, { address: '/queue/watch' }])(
  'what is no event is taken out of a queue of your own, where that is said: %j',
  (watched) => {
    const found = watchedSource({ name: 'rabbitmq-3' }, { tenants, ...watched, dropOthers: true });
    expect(found).toMatchObject({ source: { address: '/amq/queue/watch' }, shared: false });
  },
);

test.each([
  ['rabbitmq-3', {}, /declare a queue/],
  ['rabbitmq-4', {}, /declare a queue/],
  ['hono', { queue: 'q' }, /--queue is for/],
  ['artemis', { queue: 'q' }, /--queue is for/],
  ['hono', { address: '/exchange/event/#' }, /stays and fills/],
  ['rabbitmq-3', { address: '/exchange/event/#' }, /stays and fills/],
  ['rabbitmq-3', { address: '/topic/event.#' }, /stays and fills/],
] as const)('%s refuses %j', (network, watched, problem) => {
  expect(watchedSource({ ...multicast, name: network }, { tenants, ...watched })).toEqual({
    problem: expect.stringMatching(problem),
  });
});

test('an address that would make a queue names the one that is there', () => {
  expect(watchedSource({ name: 'hono' }, { tenants, address: '/queue/ops' })).toMatchObject({
    source: { address: '/amq/queue/ops' },
    shared: true,
  });
});

test.each([
  ['artemis', /multicast/],
  ['activemq-classic', /virtual topics/],
] as const)('the queues of %s are no topics', (name, problem) => {
  expect(watchedSource({ name }, { tenants })).toEqual({ problem: expect.stringMatching(problem) });
});
