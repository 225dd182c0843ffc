import { recordingLog } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { isBlockedPort, warnOfBlockedPort } from './blocked-ports.ts';

/** Whether `fetch` of Node.js refuses this port. Nothing is sent to any other: the request is given up before. */
async function isRefused(port: number): Promise<boolean> {
  const refusal = await fetch(`http://127.0.0.1:${port}`, {
    // It fails as soon as it is used.
    dispatcher: { dispatch: () => throwUnused() },
  } as unknown as RequestInit).then(
    () => undefined,
    (error: unknown) => error,
  );
  return refusal instanceof Error && (refusal.cause as Error | undefined)?.message === 'bad port';
}

function throwUnused(): never {
  throw new Error('not sent');
}

/** Those of the system, and each greater one beside its neighbours. */
const ports = Array.from({ length: 11_000 }, (_, port) => port).filter(
  (port) => port > 0 && (port < 1_024 || [port - 1, port, port + 1].some(isBlockedPort)),
);

test('the blocked ports are those that fetch refuses', async () => {
  const refused: number[] = [];
  for (const port of ports) if (await isRefused(port)) refused.push(port);
  expect(refused).toContain(10_080);
  expect(ports.filter(isBlockedPort)).toEqual(refused);
});

test('a blocked port is told to the operator, another is not', () => {
  const log = recordingLog();
  warnOfBlockedPort(log, 'health', 10_080);
  warnOfBlockedPort(log, 'health', 8_088);
  expect(log.lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      facts: { service: 'health', port: 10_080 },
      message: 'browsers and fetch refuse to use this port: choose another one',
    }),
  ]);
});
