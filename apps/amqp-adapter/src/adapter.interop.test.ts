import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describeAdapter } from '@rollcall/adapter-conformance';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { afterEach, describe } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

// The contract once more, with a device that is not of JavaScript: Qpid Proton's Python client, a process each.

/** Debian's own Python has Debian's packages; another one on the path has not. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('testing/proton_device.py', import.meta.url));
const silenceMs = 60_000;

type Device = ChildProcessByStdio<Writable, Readable, null>;
const devices = new Set<Device>();

async function kill(device: Device): Promise<void> {
  if (device.exitCode !== null || device.signalCode !== null) return;
  const gone = once(device, 'exit');
  device.kill('SIGKILL');
  await gone;
}

describe.runIf(hasDebianPackage('python3-qpid-proton'))('with Qpid Proton', () => {
  afterEach(async () => {
    for (const device of devices) await kill(device);
    devices.clear();
  });

  describeAdapter('AMQP 1.0', {
    bytes: { absentBecause: '`adapter.test.ts` tests them' },
    createAdapter: (limits) =>
      createAmqpAdapter({ ...options, idleTimeoutMs: silenceMs, maxPendingSockets: 100, ...limits }),
    silenceMs,
    // Proton's client does not tell one SASL outcome from another: what it heard of a refusal is not known.
    async connect({ port }, { username, password, remoteId }) {
      const url = `amqp://127.0.0.1:${port}`;
      const device = spawn(python, [script, url, username, password, remoteId], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      devices.add(device);
      // It may be gone already when it is told to leave.
      device.stdin.on('error', () => {});
      const [line] = (await once(createInterface(device.stdout), 'line')) as [string];
      if (line !== 'connected') return undefined;
      return {
        async leave() {
          device.stdin.write('leave\n');
          await once(device, 'exit');
        },
        // Whatever it had open, the system closes.
        vanish: () => kill(device),
        async fallSilent() {
          device.kill('SIGSTOP');
        },
      };
    },
  });
});
