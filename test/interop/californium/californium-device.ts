import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MavenDelivery } from '../networks/from-maven.ts';

const pom = fileURLToPath(new URL('californium.pom.xml', import.meta.url));
const source = fileURLToPath(new URL('CaliforniumDevice.java', import.meta.url));

export const californiumDelivery: MavenDelivery = {
  name: 'Eclipse Californium',
  release: 'californium-3.14.0',
  commands: ['javac'],
  goal: (into) => ['-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${into}`],
};

export interface CaliforniumDeviceOptions {
  /** Of the libraries. */
  readonly directory: string;
  readonly port: number;
  readonly cipherSuite: string;
  /** What the server shall put into its records; `undefined` does without connection ids. */
  readonly connectionIdBytes?: number;
  /** `psk`, identity and key; or `certificate` and two PEM files, its chain with the key, and whom it trusts. */
  readonly credentials: readonly [kind: 'psk' | 'certificate', string, string];
}

/** A device of another make, in a process of its own. */
export interface CaliforniumDevice {
  /** Uploads an event. Resolves to `<answer> <handshakes so far> <cipher suite> <bytes of the connection id it was given>`. */
  post(): Promise<string>;
  /** Uploads telemetry; the same. */
  telemetry(): Promise<string>;
  /** Its next request begins with a handshake that goes on with the session. */
  resume(): void;
  /** Says close_notify. */
  leave(): void;
  kill(): void;
}

export function californiumDevice(options: CaliforniumDeviceOptions): CaliforniumDevice {
  const { directory, port, cipherSuite, connectionIdBytes = -1, credentials } = options;
  const child = spawn(
    'java',
    [
      ...['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', join(directory, '*'), source],
      ...[`coaps://localhost:${port}/event`, cipherSuite, String(connectionIdBytes), ...credentials],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-4_000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function told(word: string): Promise<string> {
    child.stdin.write(`${word}\n`);
    const answer = await answers.next();
    if (answer.done) throw new Error(`Californium has ended: ${complaints}`);
    return answer.value;
  }

  return {
    post: () => told('post'),
    telemetry: () => told('telemetry'),
    resume: () => void child.stdin.write('resume\n'),
    leave: () => void child.stdin.write('leave\n'),
    kill: () => void child.kill('SIGKILL'),
  };
}
