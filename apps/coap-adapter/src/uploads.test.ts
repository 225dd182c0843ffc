import { coapCode } from '@rollcall/coap';
import { coapOption, findOption, readUint, uintOption } from '@rollcall/coap/options';
import { formatCode } from '@rollcall/coap/codec';
import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { empty, givenAConnectedDevice } from './testing/adapter-bed.ts';

describe('uploading', () => {
  test('telemetry and events reach the consumer as the device sent them', async () => {
    const { device, sender } = await givenAConnectedDevice();
    expect(await device.send('telemetry')).toBe('2.04');
    expect(await device.send('t', { confirmable: false })).toBe('2.04');
    expect(await device.send('e', { confirmable: false })).toBe('4.00');
    const contentFormat = uintOption(coapOption.contentFormat, 50);
    expect(await device.send('event?hono-ttd=0', { options: [contentFormat] })).toBe('2.04');
    expect(sender.messages).toMatchObject([
      { endpoint: 'telemetry', qos: 1, origAddress: '/telemetry', contentType: 'application/octet-stream' },
      { endpoint: 'telemetry', qos: 0, origAddress: '/t' },
      { endpoint: 'event', qos: 1, origAdapter: 'hono-coap', contentType: 'application/json' },
    ]);
    expect(Buffer.from(sender.messages[0]?.payload ?? []).toString()).toBe('21.5');
  });

  test('a gateway uploads for a device behind it, and for no other', async () => {
    const { device, sender } = await givenAConnectedDevice({}, {}, { username: 'gw-1@acme' });
    const put = { code: coapCode.put };
    expect(await device.send('event//valve-1', put)).toBe('2.04');
    expect(await device.send('event/acme/valve-1', put)).toBe('2.04');
    expect(await device.send('event//thermostat-7', put)).toBe('4.03');
    expect(await device.send('event/umbrella/valve-1', put)).toBe('4.03');
    expect(sender.messages).toMatchObject([
      { device: { device: 'valve-1' } },
      { device: { device: 'valve-1' } },
    ]);
  });

  test('an empty payload needs a content type, and an empty notification has none', async () => {
    const { device, sender } = await givenAConnectedDevice();
    expect(await device.send('event', empty)).toBe('4.00');
    expect(await device.send('event?empty', empty)).toBe('2.04');
    expect(await device.send('event?empty')).toBe('4.00');
    expect(sender.messages).toMatchObject([
      { contentType: 'application/vnd.eclipse-hono-empty-notification', payload: new Uint8Array() },
    ]);
  });

  test('a payload may come in blocks, and not be too large', async () => {
    const { device, sender } = await givenAConnectedDevice();
    const payload = Buffer.alloc(2_048, 'x');
    expect(await device.send('event', { payload, blockBytes: 128 })).toBe('2.04');
    expect(sender.messages[0]?.payload).toEqual(payload);
    expect(await device.send('event', { payload: Buffer.alloc(2_049), blockBytes: 512 })).toBe('4.13');
  });

  test('a device without a consumer is told when to try again', async () => {
    const { device, sender } = await givenAConnectedDevice();
    sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer available' } });
    const answer = await device.ask({ path: ['telemetry'], payload: Buffer.from('21.5') });
    expect([formatCode(answer.code), Buffer.from(answer.payload).toString()]).toEqual([
      '5.03',
      'no consumer available',
    ]);
    expect(readUint(answer, coapOption.maxAge)).toBe(2);
  });

  test('a device that asks for the time is told it, with an error too', async () => {
    const { device, clock } = await givenAConnectedDevice();
    const now = Buffer.alloc(8);
    now.writeBigUInt64BE(BigInt(clock.now()));
    const byOption = await device.ask({
      path: ['telemetry'],
      payload: Buffer.from('x'),
      options: [{ number: 65_000, value: new Uint8Array() }],
    });
    const byQuery = await device.ask({ path: ['nowhere'], query: ['hono-time'] });
    for (const answer of [byOption, byQuery]) expect(findOption(answer, 65_000)).toEqual(now);
    expect([formatCode(byOption.code), formatCode(byQuery.code)]).toEqual(['2.04', '4.04']);
  });

  test('a device that waits for a command is acknowledged meanwhile, and answered in time', async () => {
    const { device, clock, sender } = await givenAConnectedDevice({ ackAfterMs: 0 });
    const answer = device.send('telemetry?hono-ttd=30');
    while (sender.messages.length === 0) await settled();
    await clock.advanceAsync(29_999);
    let answered = false;
    void answer.then(() => (answered = true));
    await settled();
    expect(answered).toBe(false);
    await clock.advanceAsync(1);
    expect(await answer).toBe('2.04');
    expect(sender.messages).toMatchObject([{ ttdSeconds: 30 }]);
  });
});
