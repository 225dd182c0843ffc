import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { anEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type Timestamp } from '@rollcall/core';
import type { DisconnectedEvent } from '@rollcall/core/events';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { endingOf } from '../faults/support/ending-of.ts';
import { setPresenceStage, type PresenceStage } from '../faults/support/presence-stage.ts';
import { debianPython, hasPackage } from './support.ts';

// The examples of docs/examples in Python and for a shell, against a service: they ask, and they hear of a change.

const patience = { timeout: 240_000 };
const example = (name: string): string =>
  fileURLToPath(new URL(`../../docs/examples/${name}`, import.meta.url));

let stage: PresenceStage;
beforeAll(async () => {
  stage = setPresenceStage();
  await stage.start();
}, 180_000);
afterAll(() => stage.strike());

let numbers = 0;

/** Connected for a minute by now. */
function arrived(device: string) {
  const at = Date.now() - 60_000;
  numbers += 1;
  return anEvent(`on-${numbers}`, {
    device: deviceRef('acme', device),
    connectionId: `connection-${numbers}` as ConnectionId,
    at: at as Timestamp,
    epoch: `${at.toString(16).padStart(12, '0')}${String(numbers).padStart(4, '0')}` as Epoch,
  });
}

function left(of: ReturnType<typeof arrived>): DisconnectedEvent {
  return endingOf(of, `off-${of.id}`);
}

/** What a command prints, as it goes. */
function printing(command: string, ...args: readonly string[]): { readonly text: () => string } {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { text: () => text };
}

test.runIf(existsSync(debianPython))(
  'presence.py asks who left and who is online, and says who leaves, and when',
  async () => {
    const before = arrived('pump-0');
    await stage.deliver(before);
    await stage.deliver(left(before));
    const one = arrived('pump-1');
    await stage.deliver(one);
    await expect
      .poll(async () => (await fetch(`${stage.urls[0]}/v1/tenants/acme/devices/pump-1`)).text(), patience)
      .toContain('"online"');
    await flaps('valve');
    const asked = new Date(Date.now() - 30_000).toISOString();
    const args = [example('presence.py'), stage.urls[0], 'acme', 'pump-0', asked];
    const { text } = printing(debianPython, ...args);
    await expect.poll(text, patience).toMatch(/pump-1 is online since .* over MQTT 5\.0/);
    expect(text()).toMatch(/^pump-0 left at .*Z: connection-lost; now it is offline$/m);
    await expect.poll(text, patience).toMatch(/^was pump-0 connected at .*Z\? (?:yes|no|uncertain)/m);
    expect(text()).toMatch(
      /^pump-0 is offline since .*Z\npump-0 left: connection-lost, between .*Z and .*Z$/m,
    );
    expect(text()).toMatch(/^valve flaps: 12 changes in the last hour$/m);
    // What it hears of while it reads the snapshot is in that.
    await expect.poll(watchers, patience).toBeGreaterThan(0);
    await stage.deliver(left(one));
    await expect.poll(text, patience).toMatch(/pump-1 left: connection-lost, between .*Z and .*Z/);
  },
);

describe.runIf(hasPackage('curl'))('for a shell', () => {
  test('presence.sh asks about a device, and prints changes', async () => {
    const [one, before3] = [arrived('pump-2'), arrived('pump-3')];
    for (const event of [before3, left(before3), one]) await stage.deliver(event);
    await expect
      .poll(async () => (await fetch(`${stage.urls[0]}/v1/tenants/acme/devices/pump-2`)).text(), patience)
      .toContain('"online"');
    const before = await watchers();
    await flaps('valve-2');
    const time = new Date().toISOString();
    const run = (device: string) =>
      printing('/bin/sh', example('presence.sh'), device, stage.urls[0], 'acme', time);
    const { text } = run('pump-2');
    await expect
      .poll(text, patience)
      .toMatch(/^now: online since .*Z\nconnected at .*Z: (?:yes|no|uncertain \([a-z-]+\))\n/);
    await expect.poll(text, patience).toMatch(/^valve-2 flaps: 12 changes in the last hour$/m);
    expect(text()).toMatch(/^pump-2 is online since .*Z$/m);
    const ofOther = run('pump-3').text;
    await expect
      .poll(ofOther, patience)
      .toMatch(/^now: offline since .*Z\nleft: connection-lost, between .*Z and .*Z\n/);
    await expect.poll(text, patience).toMatch(/^pump-3 left at .*Z: connection-lost; now it is offline$/m);
    await expect.poll(watchers, patience).toBeGreaterThan(before);
    await stage.deliver(left(one));
    await expect.poll(text, patience).toMatch(/^\{"tenant":"acme","device":"pump-2","status":"offline"/m);
  });
});

/** Comes and goes six times. */
async function flaps(device: string): Promise<void> {
  for (let times = 0; times < 6; times += 1) {
    const one = arrived(device);
    await stage.deliver(one);
    await stage.deliver(left(one));
  }
  const summary = async () => (await fetch(`${stage.urls[0]}/v1/tenants/acme/summary`)).text();
  await expect.poll(summary, patience).toContain(`{"device":"${device}","changes":12}`);
}

async function watchers(): Promise<number> {
  const text = await (await fetch(`${stage.urls[0]}/metrics`)).text();
  return Number(/^rollcall_presence_watchers(?:\{.*\})? (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}
