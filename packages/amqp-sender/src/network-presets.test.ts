import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { networkPresets } from './network-presets.ts';

const text = readFileSync(new URL('../../../docs/messaging-networks.md', import.meta.url), 'utf8');
const rows = new Map(
  [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => {
    const [first = '', ...cells] = row.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    return [first, cells];
  }),
);

test('docs/messaging-networks.md has the presets as they are', () => {
  const presets = Object.values(networkPresets);
  const list = (names: readonly string[]): string => names.join(', ') || 'none';
  expect(rows.get('variable ROLLCALL_MESSAGING_…')).toEqual(Object.keys(networkPresets));
  expect(rows.get('EVENTADDRESS')).toEqual(presets.map(({ eventAddress }) => eventAddress));
  expect(rows.get('TELEMETRYADDRESS')).toEqual(presets.map(({ telemetryAddress }) => telemetryAddress));
  expect(rows.get('EVENTCAPABILITIES')).toEqual(presets.map((each) => list(each.eventCapabilities)));
  expect(rows.get('TELEMETRYCAPABILITIES')).toEqual(presets.map((each) => list(each.telemetryCapabilities)));
  expect(rows.get('TARGETDURABILITY')).toEqual(presets.map((each) => String(each.targetDurability)));
  expect(rows.get('SESSIONS')).toEqual(presets.map(({ sessions }) => sessions));
  expect(rows.get('LINKS')).toEqual(presets.map(({ links }) => links));
});
