import { expect, test } from 'vitest';
import { keepAliveFor } from './liveness.ts';

const halfAnHourMs = 1_800_000;

test.each([
  ['3.1.1, 60 s', 4, 60, halfAnHourMs, 90_000, undefined],
  [
    '3.1.1, longer than the limit: the protocol leaves no choice',
    4,
    7_200,
    halfAnHourMs,
    10_800_000,
    undefined,
  ],
  ['3.1.1, none', 4, 0, halfAnHourMs, halfAnHourMs, undefined],
  ['5.0, 60 s', 5, 60, halfAnHourMs, 90_000, undefined],
  ['5.0, none', 5, 0, halfAnHourMs, halfAnHourMs, 1_200],
  ['5.0, longer than the limit', 5, 7_200, halfAnHourMs, halfAnHourMs, 1_200],
  ['5.0, 60 s, no limit', 5, 60, 0, 90_000, undefined],
])(
  'the limit of silence: %s',
  (_what, version, keepAliveSeconds, idleLimitMs, silenceMs, serverKeepAliveSeconds) => {
    expect(keepAliveFor(version, keepAliveSeconds, idleLimitMs)).toEqual({
      liveness: { maxSilenceMs: silenceMs, detectWithinMs: silenceMs },
      ...(serverKeepAliveSeconds !== undefined && { serverKeepAliveSeconds }),
    });
  },
);

test.each([4, 5])(
  'version %i without a keep-alive and without a limit: only TCP can show that the device is gone',
  (version) => {
    expect(keepAliveFor(version, 0, 0)).toEqual({
      liveness: { maxSilenceMs: undefined, detectWithinMs: 70_000 },
    });
  },
);
