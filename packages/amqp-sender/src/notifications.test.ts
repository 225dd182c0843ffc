import { createTestBed } from '@rollcall/amqp-connection/testing';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { openNotifications } from './notifications.ts';

const bed = createTestBed();

test('notifications of a topic arrive over a connection of their own, and the listener knows whether they can', async () => {
  onTestFinished(() => bed.closeAll());
  const { peer } = await bed.givenAPeer();
  const notifications = openNotifications({
    ...{ host: '127.0.0.1', port: peer.port, containerName: 'hono-mqtt' },
    ...{ clock: systemClock, random: systemRandom, log: silentLog },
    redial: { minDelayMs: 0, maxDelayMs: 20, incrementMs: 1 },
  });
  bed.own(notifications);
  const heard: (string | undefined)[] = [];
  const attached: boolean[] = [];
  notifications.listen('registry-device', {
    heard: (body) => heard.push(body && Buffer.from(body).toString()),
    attachedChanged: (isAttached) => attached.push(isAttached),
  });
  await expect.poll(() => attached).toEqual([true]);
  expect(peer.attached).toEqual(['notification/registry-device']);
  expect(peer.containerIds).toContainEqual(expect.stringMatching(/^hono-mqtt-notifications-/));
  // A Data section of three bytes, and a message without a body.
  const data = Uint8Array.of(0x00, 0x53, 0x75, 0xa0, 0x03, 0x61, 0x62, 0x63);
  const empty = Uint8Array.of(0x00, 0x53, 0x73, 0x45);
  expect(await peer.deliver('notification/registry-device', data)).toBe('accepted');
  expect(await peer.deliver('notification/registry-device', empty)).toBe('accepted');
  expect(heard).toEqual(['abc', undefined]);
  peer.drop();
  await expect.poll(() => attached).toEqual([true, false, true]);
});
