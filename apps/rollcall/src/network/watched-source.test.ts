import { expect, test } from 'vitest';
import { watchedSource } from './watched-source.ts';

const tenants = ['a', 'b'];
const multicast = { eventCapabilities: ['topic'], eventAddress: 'topic://VirtualTopic.event.{tenant}' };

test.each(['hono', 'artemis', 'activemq-classic'] as const)(
  'on %s a subscription is used that is gone with its link',
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
] as const)('on %s --queue names an existing queue, which is never created', (network, address) => {
  expect(watchedSource({ ...multicast, name: network }, { tenants, queue: 'watch/1' })).toMatchObject({
    source: { address, maxTries: Infinity },
    shared: true,
  });
});

test.each([{ queue: 'watch' }, { address: '/queue/watch' }])(
  'messages that are not events are taken out of %j with --drop-others',
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
] as const)('on %s the options %j are refused', (network, watched, problem) => {
  expect(watchedSource({ ...multicast, name: network }, { tenants, ...watched })).toEqual({
    problem: expect.stringMatching(problem),
  });
});

test('an --address that would create a queue is changed to name the existing one', () => {
  expect(watchedSource({ name: 'hono' }, { tenants, address: '/queue/ops' })).toMatchObject({
    source: { address: '/amq/queue/ops' },
    shared: true,
  });
});

test.each([
  ['artemis', /multicast/],
  ['activemq-classic', /virtual topics/],
] as const)(
  'on %s the default addresses are refused: a queue gives each event to one consumer',
  (name, problem) => {
    expect(watchedSource({ name }, { tenants })).toEqual({ problem: expect.stringMatching(problem) });
  },
);
