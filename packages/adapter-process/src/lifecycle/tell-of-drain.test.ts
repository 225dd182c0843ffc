import { expect, test } from 'vitest';
import { recordingLog } from '@rollcall/conformance';
import { tellOfDrain } from './tell-of-drain.ts';

test.each<[number, number, number, 'lease' | undefined, readonly string[]]>([
  [0, 10_000, 1_000, undefined, []],
  [100, 10_000, 1_000, undefined, []],
  [99, 10_000, 1_000, undefined, ['warn']],
  [100, 0, 1, undefined, ['warn']],
  [1, 1, 1_000, 'lease', ['info']],
  [0, 1, 1_000, 'lease', []],
])(
  '%i a second for %i ms, of %i (%s): %s',
  (drainPerSecond, shutdownGraceMs, maxConnections, presence, told) => {
    const log = recordingLog();
    const adapter = presence === undefined ? {} : { presence };
    tellOfDrain({ adapter, maxConnections }, { drainPerSecond, shutdownGraceMs }, log);
    expect(log.lines.map(({ level }) => level)).toEqual(told);
  },
);
