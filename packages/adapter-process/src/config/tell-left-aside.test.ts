import { expect, test } from 'vitest';
import { recordingLog } from '@rollcall/conformance';
import { tellLeftAside } from './tell-left-aside.ts';

test('Services are told of in one line, options of Hono in one each', () => {
  const log = recordingLog();
  tellLeftAside({ warnings: ['HONO_A: left aside', 'HONO_B: left aside'], serviceLinks: ['X', 'Y'] }, log);
  expect(log.lines).toMatchObject([
    { level: 'warn', message: 'HONO_A: left aside' },
    { level: 'warn', message: 'HONO_B: left aside' },
    { level: 'info', facts: { variables: ['X', 'Y'] } },
  ]);
});

test('nothing is told where nothing was left aside', () => {
  const log = recordingLog();
  tellLeftAside({ warnings: [], serviceLinks: [] }, log);
  expect(log.lines).toEqual([]);
});
