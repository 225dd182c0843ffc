import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deliverAtLast, openEventsSink } from './networks/network-client.ts';
import { embeddedNetwork } from './networks/embedded.ts';
import type { InteropNetwork } from './networks/interop-network.ts';
import { rabbitmq } from './networks/rabbitmq.ts';
import { hasPackages } from './support.ts';

const main = fileURLToPath(new URL('../../apps/rollcall/dist/main.js', import.meta.url));

interface Ended {
  readonly status: number | string | null | undefined;
  readonly stdout: string;
  /** Lines. */
  readonly said: readonly string[];
}

function rollcall(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { env: { ...process.env, ...environment }, timeout: 60_000 },
      (_error, stdout, stderr) =>
        resolve({
          status: child.exitCode ?? child.signalCode,
          stdout,
          said: stderr.split('\n').filter((line) => line !== ''),
        }),
    );
  });
}

/** Does something over and over until another thing has ended. */
async function meanwhile<Result>(
  ending: Promise<Result>,
  act: (round: number) => Promise<void>,
): Promise<Result> {
  const progress = { over: false };
  void ending.then(() => {
    progress.over = true;
  });
  for (let round = 0; !progress.over; round += 1) await act(round);
  return ending;
}

describe.skipIf(!hasPackages('rabbitmq-server'))('the tools on RabbitMQ 3', () => {
  let network: InteropNetwork;
  let environment: Readonly<Record<string, string>>;
  const queue = 'event/told';

  beforeAll(async () => {
    network = rabbitmq();
    await network.start();
    environment = {
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(network.port),
      ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3',
      ROLLCALL_MESSAGING_USERNAME: network.credentials?.username ?? '',
      ROLLCALL_MESSAGING_PASSWORD: network.credentials?.password ?? '',
    };
    const sink = openEventsSink(network);
    await deliverAtLast(sink, 'told', 'e1');
    await sink.close();
  });
  afterAll(() => network.cleanUp());

  test.each([
    [['tail'], {}, 2, /declare a queue/],
    [['devices', '--address', '/exchange/event/#'], {}, 2, /stays and fills/],
    [['tail', '--queue', 'nobody-made-it'], {}, 1, /amqp:not-found/],
    // The command before this one did not create it by looking at it.
    [['tail', '--address', '/queue/nobody-made-it'], {}, 1, /amqp:not-found/],
    [['devices', '--queue', queue], { ROLLCALL_MESSAGING_PASSWORD: 'wrong' }, 1, /refused the credentials/],
    [['tail', '--queue', queue], { ROLLCALL_MESSAGING_TLSENABLED: 'true' }, 1, /TLS with .* failed/],
    [['tail', '--queue', queue], { ROLLCALL_MESSAGING_PROT: '1' }, 2, /did you mean ROLLCALL_MESSAGING_PORT/],
    [['bury', 'mqtt-0', '--table', 'none'], {}, 1, /--unheard/],
  ] as const)(
    'the command %j with %j ends with status %i and prints one line',
    async (args, differences, status, line) => {
      const ended = await rollcall(args, { ...environment, ...differences });
      expect(ended).toMatchObject({ status, stdout: '', said: [expect.stringMatching(line)] });
    },
  );

  test('the tools read a declared queue, whatever its durability', async () => {
    const ended = await rollcall(['devices', '--queue', queue, '--once', '--wait', '3'], environment);
    expect(ended.status).toBe(0);
    expect(ended.stdout).toMatch(/^told\/device-1 {2}/);
  });
});

describe('the tools on the embedded network', () => {
  let network: InteropNetwork;
  beforeAll(async () => {
    network = embeddedNetwork();
    await network.start();
  });
  afterAll(() => network.cleanUp());

  test('`devices --once` prints the known devices of several tenants, and ends', async () => {
    const sink = openEventsSink(network);
    const url = `amqp://127.0.0.1:${network.port}`;
    const args = ['--url', url, '--tenant', 'a', '--tenant', 'b', '--once', '--wait', '5', '--json'];
    // It sees what comes after it began: so it comes again and again.
    const { status, stdout } = await meanwhile(rollcall(['devices', ...args]), async (round) => {
      for (const tenant of ['b', 'a', 'c']) await deliverAtLast(sink, tenant, `${tenant}-${round}`);
    });
    await sink.close();
    expect(status).toBe(0);
    const tenants = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { tenant: string }).tenant);
    expect(tenants).toEqual(['a', 'b']);
  });

  test('`bury` refuses while the adapter is heard, and where nothing can be received', async () => {
    const sink = openEventsSink(network);
    const url = `amqp://127.0.0.1:${network.port}`;
    const table = ['--table', '/dev/null', '--url', url];
    const heard = await meanwhile(rollcall(['bury', 'mqtt-0', ...table, '--wait', '30']), (round) =>
      deliverAtLast(sink, 'a', `alive-${round}`),
    );
    expect(heard).toMatchObject({ status: 1, stdout: '', said: ['mqtt-0 is alive: it was heard'] });
    await sink.close();
    expect(await rollcall(['bury', 'mqtt-0', ...table, '--wait', '1'])).toMatchObject({
      status: 0,
      said: [expect.stringMatching(/^listened for 1 s, and mqtt-0 was not heard.*ANNOUNCEINTERVAL/)],
    });
    const nowhere = await rollcall([
      'bury',
      'mqtt-0',
      '--table',
      '/dev/null',
      '--url',
      'amqp://127.0.0.1:1',
      '--wait',
      '1',
    ]);
    expect(nowhere.status).toBe(1);
    expect(nowhere.said.at(-1)).toContain('is the network there?');
  });
});
