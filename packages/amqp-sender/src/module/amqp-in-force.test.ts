import { readOptions, variableOf } from '@rollcall/options';
import { expect, test } from 'vitest';
import { amqpInForce } from './amqp-in-force.ts';
import { amqpOptions } from './amqp-options.ts';

function inForce(env: Readonly<Record<string, string>>) {
  const { effective } = readOptions(amqpOptions, env);
  return [...amqpInForce((name) => effective.find(({ variable }) => variable === variableOf(name))?.text)];
}

const follows = (option: string) => ({ because: { follows: option } });

test('a preset decides every option that it has', () => {
  const because = { preset: 'rabbitmq-3' };
  expect(inForce({ ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3' })).toEqual([
    { option: 'MESSAGING_EVENTADDRESS', text: '/queue/event%2F{tenant:pct}', because },
    { option: 'MESSAGING_TELEMETRYADDRESS', text: '/queue/telemetry%2F{tenant:pct}', because },
    { option: 'MESSAGING_EVENTCAPABILITIES', text: 'none', because },
    { option: 'MESSAGING_TELEMETRYCAPABILITIES', text: 'none', because },
    { option: 'MESSAGING_TARGETDURABILITY', text: '2', because },
    { option: 'MESSAGING_LINKS', text: 'per-address', because },
    { option: 'MESSAGING_SESSIONS', text: 'per-address', because },
  ]);
});

test.each([
  [{ HONO_MESSAGING_CERTPATH: 'c' }, 'MESSAGING_TLSENABLED', 'true', 'MESSAGING_CERTPATH'],
  [{ ROLLCALL_MESSAGING_TRUSTSTOREPATH: 't' }, 'MESSAGING_TLSENABLED', 'true', 'MESSAGING_TRUSTSTOREPATH'],
  [{ HONO_MESSAGING_AMQPHOSTNAME: 'v' }, 'MESSAGING_SASLHOSTNAME', 'v', 'MESSAGING_AMQPHOSTNAME'],
])('%j decides %s', (env, option, text, from) => {
  expect(inForce(env)).toContainEqual({ option, text, ...follows(from) });
});

test('the default network is that of Eclipse Hono, and options that are not set change nothing', () => {
  expect(new Set(inForce({}).map(({ because }) => JSON.stringify(because)))).toEqual(
    new Set(['{"preset":"hono"}']),
  );
});
