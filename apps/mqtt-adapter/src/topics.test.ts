import { describe, expect, test } from 'vitest';
import { parseTopic } from './topics.ts';

describe('the address of an upload', () => {
  test.each([
    ['telemetry', { endpoint: 'telemetry' }],
    ['t', { endpoint: 'telemetry' }],
    ['event', { endpoint: 'event' }],
    ['e', { endpoint: 'event' }],
    ['telemetry/acme/d1', { endpoint: 'telemetry', target: { tenant: 'acme', device: 'd1' } }],
    ['t//d1', { endpoint: 'telemetry', target: { device: 'd1' } }],
    ['e//d1', { endpoint: 'event', target: { device: 'd1' } }],
    ['event/acme', { status: 400 }],
    ['event/', { endpoint: 'event' }],
    ['telemetry/', { endpoint: 'telemetry' }],
    ['event//', { endpoint: 'event' }],
    ['event///', { endpoint: 'event' }],
    ['e///', { endpoint: 'event' }],
    ['t////////', { endpoint: 'telemetry' }],
    ['event//d1/', { endpoint: 'event', target: { device: 'd1' } }],
    ['event//d1/more', { endpoint: 'event', target: { device: 'd1' } }],
    ['event/acme/', { status: 400, text: 'message address must not contain tenant ID only' }],
    ['event/acme//more', { status: 400 }],
    ['event/?a=%', { status: 400, text: 'malformed topic name' }],
    ['event/?a=%E0%A4%A', { status: 400, text: 'malformed topic name' }],
    ['/event', { status: 400 }],
    ['', { status: 400 }],
    ['events', { status: 404 }],
    ['__proto__', { status: 404 }],
    ['constructor/acme/d1', { status: 404 }],
    ['command///res/1/200', { status: 404, text: 'commands are not supported' }],
  ])('of the topic %j is read', (topic, expected) => {
    expect(parseTopic(topic).address).toMatchObject(expected);
  });
});

describe('the property bag of a topic', () => {
  test.each([
    ['event', []],
    [
      'event/?content-type=text%2Fplain&hono-ttl=30',
      [
        ['content-type', 'text/plain'],
        ['hono-ttl', '30'],
      ],
    ],
    ['event/?Content-Type=a', [['content-type', 'a']]],
    ['event/?on-error', [['on-error', '']]],
    ['event/?a=1&a=2', [['a', '1']]],
    ['event/?a=x%E0%A4', [['a', 'x\uFFFD']]],
    [
      'event/?a=1;b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['event/?a=b+c', [['a', 'b c']]],
    ['event/?__proto__=x', [['__proto__', 'x']]],
  ])('of the topic %j is read', (topic, expected) => {
    const { bag, address } = parseTopic(topic);
    expect([...bag]).toEqual(expected);
    expect(address).toEqual({ endpoint: 'event' });
  });

  test('begins at the last /?', () => {
    const { bag, address } = parseTopic('event//d?1/?b=2');
    expect([...bag]).toEqual([['b', '2']]);
    expect(address).toEqual({ endpoint: 'event', target: { device: 'd?1' } });
    expect([...parseTopic('event/?a=1/?b=2').bag]).toEqual([['b', '2']]);
  });

  test('is cut where it is endless', () => {
    const endless = Array.from({ length: 10_000 }, (_, index) => `p${index}=1`).join('&');
    expect(parseTopic(`event/?${endless}`).bag.size).toBe(32);
  });
});
