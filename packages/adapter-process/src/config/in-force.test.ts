import { expect, test } from 'vitest';
import { optional, readOptions } from '@rollcall/options';
import { text } from '@rollcall/options/formats';
import { inForce } from './in-force.ts';
import { kitOptions } from './kit-options.ts';
import { printConfig } from './print-config.ts';

const carrier = {
  kind: optional('CARRIER_KIND', text, 'kind'),
  topic: optional('CARRIER_TOPIC', text, 'topic'),
  group: optional('CARRIER_GROUP', text, 'group'),
};

function printed(env: Readonly<Record<string, string>>): string {
  const { effective } = readOptions({ ...kitOptions, ...carrier }, env);
  const messaging = {
    inForce(textOf: (name: string) => string | undefined) {
      const kind = textOf('CARRIER_KIND');
      return [
        { option: 'CARRIER_TOPIC', text: `topic of ${kind}`, because: { preset: String(kind) } },
        { option: 'CARRIER_GROUP', text: 'g', because: { follows: 'CARRIER_KIND' } },
      ];
    },
  };
  return printConfig(inForce(effective, { messaging: [messaging], adapterId: 'here-mqtt' }));
}

test.each([
  [{ ROLLCALL_CARRIER_KIND: 'pigeon' }, '# preset pigeon\nROLLCALL_CARRIER_TOPIC=topic of pigeon\n'],
  [{ ROLLCALL_CARRIER_KIND: 'x' }, '# follows from ROLLCALL_CARRIER_KIND\nROLLCALL_CARRIER_GROUP=g\n'],
  [{ ROLLCALL_CARRIER_TOPIC: 'mine' }, '# ROLLCALL_CARRIER_TOPIC\nROLLCALL_CARRIER_TOPIC=mine\n'],
  [{}, '# name of the host\nROLLCALL_ADAPTER_ID=here-mqtt\n'],
  [{}, '# follows from ROLLCALL_JOURNAL_DIRECTORY, which is not set\nROLLCALL_JOURNAL_KIND=memory\n'],
  [
    { ROLLCALL_JOURNAL_DIRECTORY: '/var/lib/rollcall' },
    '# follows from ROLLCALL_JOURNAL_DIRECTORY, which is set\nROLLCALL_JOURNAL_KIND=file\n',
  ],
])('%j prints %j', (env, lines) => {
  expect(printed(env)).toContain(lines);
});
