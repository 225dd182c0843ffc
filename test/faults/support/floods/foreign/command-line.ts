import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { password } from '../../stage.ts';
import type { FloodedProtocol } from '../honest-device.ts';

/** Where a device connects to, and who it is. */
export interface CommandLineLogin {
  readonly port: number;
  readonly username: string;
}

/** One message from a process of its own, as a shell script sends it. Resolves once it was answered well. */
export type CommandLineDevice = (login: CommandLineLogin) => Promise<void>;

const withinMs = 30_000;
const body = 'x'.repeat(100);

/** mosquitto_pub, curl and coap-client of libcoap; with AMQP a program built with go-amqp. */
export function commandLineDevices(goAmqp: string): Record<FloodedProtocol, CommandLineDevice> {
  return {
    async mqtt({ port, username }) {
      const to = ['-h', '127.0.0.1', '-p', String(port), '-u', username, '-P', password, '-i', username];
      await run('mosquitto_pub', [...to, '-t', 'telemetry', '-q', '1', '-m', body]);
    },
    async amqp({ port, username }) {
      const message = ['default', 'telemetry', String(body.length)];
      const printed = await run(goAmqp, [`amqp://127.0.0.1:${port}`, username, password, ...message]);
      expectText(printed, 'accepted');
    },
    async http({ port, username }) {
      const printed = await run('curl', [
        ...['-s', '-w', '%{http_code}', '-u', `${username}:${password}`, '-H', 'content-type: text/plain'],
        ...['-H', 'qos-level: 1', '--data', body, `http://127.0.0.1:${port}/telemetry`],
      ]);
      expectText(printed, '202');
    },
    async coap({ port, username }) {
      const printed = await run('coap-client-openssl', [
        // It says nothing of an answer without a payload unless it tells of each message.
        ...['-v', '7', '-m', 'post', '-B', '30', '-u', username, '-k', password, '-e', body],
        `coaps://127.0.0.1:${port}/telemetry`,
      ]);
      expectText(printed, 'c:2.04');
    },
  };
}

function expectText(printed: string, text: string): void {
  if (!printed.includes(text)) throw new Error(printed.slice(-500));
}

/** Resolves to what it printed. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs });
  let printed = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [status, signal] = await once(child, 'close');
  if (status !== 0)
    throw new Error(`${command} ended with ${String(status ?? signal)}: ${printed.slice(-500)}`);
  return printed;
}
