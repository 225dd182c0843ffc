import { ConfigError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { planOfProcesses } from './plan-of-processes.ts';

type Given = Parameters<typeof planOfProcesses>;

const plan = (processes: number, oneProcessSince?: string) =>
  planOfProcesses(
    { kit: { processes, adapterId: 'gate', journalKind: 'memory' } } as unknown as Given[0],
    {
      adapter: { type: 'hono-test', ...(oneProcessSince !== undefined && { oneProcessSince }) },
    } as unknown as Given[1],
  );

test('several processes are so many seats', () => {
  expect(plan(2)?.seats.map(({ number }) => number)).toEqual([0, 1]);
  expect(plan(1)).toBeUndefined();
});

test('a protocol that has one process refuses more, and says why', () => {
  expect(plan(1, 'datagrams')).toBeUndefined();
  expect(() => plan(2, 'datagrams')).toThrow(
    new ConfigError([
      { code: 'OPTIONS_CONFLICT', text: 'ROLLCALL_ADAPTER_PROCESSES: must be 1 here: datagrams' },
    ]),
  );
});
