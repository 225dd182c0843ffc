import { expect, test } from 'vitest';
import { inForce, type NetworkPreset } from './in-force.ts';
import { kitOptions } from './kit-options.ts';
import { printConfig } from './print-config.ts';
import { readOptions } from './read-options.ts';

const preset: NetworkPreset = {
  eventAddress: 'event/{tenant}',
  telemetryAddress: 'telemetry/{tenant}',
  eventCapabilities: [],
  telemetryCapabilities: ['queue', 'x'],
  targetDurability: 0,
  links: 'per-address',
  sessions: 'per-connection',
};
const presets = {
  hono: preset,
  artemis: preset,
  'rabbitmq-3': { ...preset, targetDurability: 2, eventAddress: '/queue/event%2F{tenant:pct}' },
  'rabbitmq-4': preset,
  'activemq-classic': preset,
} as const;

function printed(env: Readonly<Record<string, string>>): string {
  const { effective } = readOptions(kitOptions, env);
  return printConfig(inForce(effective, { presets, adapterId: 'here-mqtt' }));
}

test.each([
  [{}, '# preset hono\nROLLCALL_MESSAGING_EVENTADDRESS=event/{tenant}\n'],
  [{}, '# preset hono\nROLLCALL_MESSAGING_EVENTCAPABILITIES=none\n'],
  [{}, '# preset hono\nROLLCALL_MESSAGING_TELEMETRYCAPABILITIES=queue,x\n'],
  [
    { ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3' },
    '# preset rabbitmq-3\nROLLCALL_MESSAGING_EVENTADDRESS=/queue/event%2F{tenant:pct}\n',
  ],
  [
    { ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3' },
    '# preset rabbitmq-3\nROLLCALL_MESSAGING_TARGETDURABILITY=2\n',
  ],
  [
    { ROLLCALL_MESSAGING_EVENTADDRESS: 'e' },
    '# ROLLCALL_MESSAGING_EVENTADDRESS\nROLLCALL_MESSAGING_EVENTADDRESS=e\n',
  ],
  [{}, '# name of the host\nROLLCALL_ADAPTER_ID=here-mqtt\n'],
  [
    { HONO_MESSAGING_CERTPATH: 'c' },
    '# follows from ROLLCALL_MESSAGING_CERTPATH\nROLLCALL_MESSAGING_TLSENABLED=true\n',
  ],
  [{}, '# follows from ROLLCALL_JOURNAL_DIRECTORY, which is not set\nROLLCALL_JOURNAL_KIND=memory\n'],
  [{}, '# not set\n# ROLLCALL_MESSAGING_SUBJECT=\n'],
  [{ ROLLCALL_MESSAGING_PASSWORD: 'hush' }, '# ROLLCALL_MESSAGING_PASSWORD=********\n'],
])('%j prints %j', (env, lines) => {
  expect(printed(env)).toContain(lines);
});

test('what is printed is an environment file that gives the same', () => {
  const first = printed({ ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3', HONO_MESSAGING_PORT: '5672' });
  const env = Object.fromEntries(
    first
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const { problems } = readOptions(kitOptions, env);
  expect(problems).toEqual([]);
  const values = (text: string): readonly string[] =>
    text.split('\n').filter((line) => !line.startsWith('#'));
  expect(values(printed(env))).toEqual(values(first));
});
