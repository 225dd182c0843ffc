import { expect, test } from 'vitest';
import { eventSources, type SourceChoice } from './event-sources.ts';

const addresses = (choice: SourceChoice): readonly string[] =>
  eventSources(choice, () => 'new').map(({ address }) => address);

// The addresses of the adapters' presets, see `docs/events-api.md`.
test.each([
  ['hono', 'event/t 3-ü', {}],
  ['artemis', 'event/t 3-ü', { capabilities: ['queue'] }],
  ['rabbitmq-3', '/queue/event%2Ft%203-%C3%BC', { durable: 2 }],
  ['rabbitmq-4', '/queues/event%2Ft%203-%C3%BC', {}],
  ['activemq-classic', 'queue://event.t 3-ü', {}],
] as const)('on %s an odd tenant is consumed where its events are sent', (network, address, terminus) => {
  expect(eventSources({ network, tenant: 't 3-ü' }, () => 'new')).toMatchObject([{ address, terminus }]);
});

test.each<readonly [SourceChoice, readonly string[]]>([
  [{ tenants: ['a', 'b', 'a'] }, ['event/a', 'event/b']],
  [{ tenants: ['a', 'b'], application: 'x' }, ['event/a::x', 'event/b::x']],
  [{ tenants: ['a', 'b'], temporary: true }, ['event/a::new', 'event/b::new']],
  [{ tenants: 'all' }, ['event/#']],
  [{ tenants: 'all', application: 'x' }, ['event/#::x']],
  [{ tenants: 'all', temporary: true }, ['event/#::new']],
  [{ network: 'artemis', tenants: 'all', application: 'x' }, ['event/#::x']],
  [{ network: 'artemis', tenants: 'all', temporary: true }, ['event/#']],
  [{ network: 'artemis', tenants: ['a'], temporary: true }, ['event/a']],
  [{ network: 'rabbitmq-3', tenants: 'all', application: 'my/x' }, ['/amq/queue/my/x']],
  [{ network: 'rabbitmq-4', tenants: 'all', application: 'my/x' }, ['/queues/my%2Fx']],
  [{ network: 'rabbitmq-3', tenants: ['a', '#'] }, ['/queue/event%2Fa', '/queue/event%2F%23']],
  [{ network: 'activemq-classic', tenants: 'all' }, ['queue://event.>']],
  [{ network: 'activemq-classic', tenants: 'all', temporary: true }, ['topic://VirtualTopic.event.>']],
  [
    { network: 'activemq-classic', tenants: ['a'], application: 'x' },
    ['queue://Consumer.x.VirtualTopic.event.a'],
  ],
  [{ tenants: ['a', 'b/c'], address: 'q/{tenant:pct}/{tenant}' }, ['q/a/a', 'q/b%2Fc/b/c']],
  [{ tenants: 'all', address: '/exchange/event/#' }, ['/exchange/event/#']],
  [{ address: 'events' }, ['events']],
  [
    { tenants: ['{tenant}', '{name}'], application: '{tenant}' },
    ['event/{tenant}::{tenant}', 'event/{name}::{tenant}'],
  ],
])('%j is consumed from %j', (choice, expected) => {
  expect(addresses(choice)).toEqual(expected);
});

test.each<readonly [SourceChoice, RegExp]>([
  [{}, /tenant or tenants must be given/],
  [{ tenants: [] }, /tenant or tenants must be given/],
  [{ tenant: 'a', tenants: 'all' }, /either tenant or tenants/],
  [{ tenant: '' }, /the tenant "" means/],
  [{ tenant: '#' }, /the tenant "#" means/],
  [{ tenants: ['a', 'b::c'] }, /the tenant "b::c" means/],
  [{ network: 'artemis', tenants: ['a.*'] }, /"a\.\*"/],
  [{ network: 'activemq-classic', tenants: ['a,b'] }, /"a,b"/],
  [{ network: 'artemis', tenants: 'all' }, /artemis: .*give application, or temporary/],
  [{ network: 'rabbitmq-3', tenants: 'all' }, /bind a queue to the exchange/],
  [{ network: 'rabbitmq-4', tenants: 'all', temporary: true }, /declare a queue that expires/],
  [{ network: 'rabbitmq-3', tenant: 'a', application: 'x' }, /ask for tenants all/],
  [{ network: 'activemq-classic', tenants: 'all', application: 'x' }, /name the tenants/],
  [{ tenants: 'all', address: 'event.{tenant}' }, /needs tenants that are named/],
  [{ address: 'event.{tenant}' }, /needs tenants that are named/],
  [{ tenants: Array.from({ length: 1_001 }, (_, index) => `t${index}`) }, /1000 tenants at most/],
  [{ tenant: 'a', network: 'kafka' as never }, /network must be one of hono, artemis/],
  [{ tenant: 'a', network: 'constructor' as never }, /network must be one of hono, artemis/],
])('%j is refused: %s', (choice, problem) => {
  expect(() => addresses(choice)).toThrow(problem);
});
