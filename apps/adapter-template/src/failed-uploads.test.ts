import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { afterEach, expect, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';
import { connectDevice, welcome } from './testing/connect-device.ts';
import { options } from './testing/options.ts';
import { says } from './testing/says.ts';

// What a device hears of an upload that failed. All of it depends on the voice of the protocol, which is `failure` here.

const adapters: AdapterInTest[] = [];

afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

async function givenADevice() {
  const adapter = await startForTest(createTemplateAdapter(options));
  adapters.push(adapter);
  const device = connectDevice(adapter.address.port);
  expect(await device.logIn()).toBe(welcome);
  return { ...adapter, device };
}

test('a device hears why its upload failed, and is served on', async () => {
  const { device, sender } = await givenADevice();
  sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer' } });
  device.send(says.event('application/json', '{"alarm": true}'));
  expect(await device.next()).toBe('error 503 no consumer');
  expect(await device.isServed()).toBe(true);
});

test('a device is answered in the order it asked, and after it closed its side, too', async () => {
  const { device, sender } = await givenADevice();
  sender.outcome = async ({ contentType }) => {
    if (contentType === 'a/slow') await settled();
    return { status: 'failed', failure: { status: 503, text: String(contentType) } };
  };
  device.send(says.event('a/slow', '1'), says.event('a/fast', '2'), says.ping);
  device.socket.end();
  expect([await device.next(), await device.next(), await device.next(), await device.next()]).toEqual([
    'error 503 a/slow',
    'error 503 a/fast',
    'ok',
    undefined,
  ]);
});

test('a sender that throws costs a device what it sent, and not its connection', async () => {
  const { device, sender, logged } = await givenADevice();
  sender.send = async () => {
    throw new Error('a bug elsewhere');
  };
  device.send(says.event('text/plain', '1'));
  expect(await device.next()).toBe('error 500 internal error');
  expect(await device.isServed()).toBe(true);
  expect(logged.filter(({ level }) => level === 'error')).toMatchObject([{ facts: { where: 'upload' } }]);
});
