import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deviceId, password } from '../../stage.ts';
import type { Door, FloodedProtocol, HonestDevice } from '../honest-device.ts';

const script = fileURLToPath(new URL('devices.py', import.meta.url));

/** Devices of one protocol on a library that is not ours, in a process of their own. */
export interface LibraryDevices {
  open(door: Door, index: number): Promise<HonestDevice>;
  close(): void;
}

/** @param python has the library */
export function startLibraryDevices(python: string, protocol: FloodedProtocol): LibraryDevices {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-devices-'));
  const child = spawn(python, [script, protocol], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ask = asking(child);
  let opened = 0;
  return {
    async open({ port, ca: authority }, index) {
      const device = ++opened;
      const ca = authority === undefined ? null : join(directory, 'ca.pem');
      if (ca !== null && authority !== undefined) writeFileSync(ca, authority);
      await ask(device, 'open', { port, ca, username: `${deviceId(index)}@acme`, password });
      return {
        send: () => ask(device, 'send'),
        end: () => void ask(device, 'end').catch(() => {}),
      };
    },
    close() {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Ask = (device: number, todo: 'open' | 'send' | 'end', door?: object) => Promise<void>;

function asking({ stdin, stdout }: ChildProcess): Ask {
  if (!stdin || !stdout) throw new Error('no pipes');
  const asked = new Map<number, PromiseWithResolvers<void>>();
  let calls = 0;
  createInterface(stdout).on('line', (line) => {
    const { call, problem } = JSON.parse(line) as { readonly call: number; readonly problem: string | null };
    const answer = asked.get(call);
    asked.delete(call);
    if (problem === null) answer?.resolve();
    else answer?.reject(new Error(problem));
  });
  stdin.on('error', () => {});
  return (device, todo, door = {}) => {
    const call = ++calls;
    const answer = Promise.withResolvers<void>();
    asked.set(call, answer);
    stdin.write(`${JSON.stringify({ call, device, todo, door })}\n`);
    return answer.promise;
  };
}
