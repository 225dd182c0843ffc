import { anEnding, anEvent, seededRandom } from '@rollcall/conformance';
import { nastyStrings } from '@rollcall/conformance/hostile';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import { describe, expect, test } from 'vitest';
import { bodyText, readBody } from './body.ts';
import { bucketCount, bucketOf } from './bucket-of.ts';
import { readClaim } from './claim.ts';
import { deathText, readDeath, passedOn } from './death.ts';
import { deviceName, deviceNamed, slotField } from './field-text.ts';
import { keyNames } from './key-names.ts';
import { mostSigns, readMessage, signsText } from './instance-message.ts';
import { endingText, readEnding, readNote } from './note.ts';
import { readEpoch } from './read-epoch.ts';
import { readRecord, recordText } from './record.ts';
import { fullId, shortId } from './short-id.ts';
import { unconfirmedSinceIn } from './sign-of-life.ts';

const connection = '019a2b3c-4d5e-7f60-8123-456789abcdef';
const instance = '019a2b3c-4d5e-7f60-8123-000000000001';
const nasty = Object.values(nastyStrings).filter((text) => text.isWellFormed());

test.each([connection, 'instance-1', 'ü %\n', '=x'])('id %j is read back, and has no blank', (id) => {
  expect(fullId(shortId(id))).toBe(id);
  expect(shortId(id)).not.toMatch(/\s/);
});

test('a claim of UUIDs stays short enough for a list', () => {
  const text = `10123456789abcdef${shortId(instance)} ${shortId(connection)}`;
  expect(text.length).toBeLessThanOrEqual(64);
  expect(readClaim(text)).toEqual({ epoch: '0123456789abcdef', instance, connection });
});

test('names of devices are different for different devices, and are read as they were written', () => {
  const parts = ['a', 'a/b', 'b', 'a%2F', '%', '\n', 'ü', ...nasty];
  const devices = parts.flatMap((tenant) => parts.map((device) => deviceRef(tenant, device)));
  expect(new Set(devices.map(deviceName)).size).toBe(
    new Set(devices.map((each) => JSON.stringify(each))).size,
  );
  for (const device of devices) {
    expect(deviceNamed(deviceName(device))).toEqual(device);
    expect(deviceName(device)).not.toContain('\n');
  }
});

test('slots of sessions, leases, adapter types and connections without one are different, and never long', () => {
  const slots = [undefined, ...nasty, 'x', 'x'.repeat(60_000), 'x'.repeat(60_001)];
  const fields = slots.flatMap((slot) =>
    (['session', 'lease'] as const).flatMap((kind) =>
      ['hono-mqtt', 'hono-amqp'].map((adapterType) =>
        slotField({ kind, adapterType, slot }, shortId(connection)),
      ),
    ),
  );
  expect(new Set(fields).size).toBe(4 * (slots.length - 1) + 1);
  for (const field of fields) expect(Buffer.byteLength(field)).toBeLessThan(200);
  for (const field of fields) expect(field).not.toContain('\n');
});

test('devices are spread over all buckets', () => {
  const counts = Array.from({ length: bucketCount }, () => 0);
  for (let index = 0; index < 102_400; index++) {
    const bucket = bucketOf(`DEFAULT_TENANT/device-${index}`);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(40);
  expect(Math.max(...counts)).toBeLessThan(200);
});

test('the slot of a cluster is that of the bucket: CRC16 as Redis Cluster has it', () => {
  // From the specification of Redis Cluster: CRC16("123456789") is 0x31C3.
  expect(bucketOf('123456789')).toBe(0x31c3 % bucketCount);
});

describe('a record', () => {
  const event = anEvent('e1', {
    id: connection as never,
    connectionId: connection as ConnectionId,
    epoch: '0123456789abcdef' as never,
    device: deviceRef('acme', 'meter-7'),
    slot: 'client-1',
    coalesced: 3,
  });

  test.each(nasty)('keeps the whole event, also with %j in it', (text) => {
    const whole = { ...event, remoteId: text, slot: text, device: deviceRef('acme', text) };
    const device = deviceName(whole.device);
    const record = recordText({
      device,
      field: slotField({ kind: 'session', adapterType: 'a', slot: text }, 'c'),
      body: bodyText({ event: whole }),
    });
    const read = readRecord(record);
    expect(read?.device).toBe(device);
    expect(readBody(read?.body ?? '', whole.device, whole.connectionId, whole.adapter)).toEqual({
      event: whole,
    });
  });

  test('keeps a lease, its publisher and when it runs out', () => {
    const basis = { kind: 'lease', intervalMs: 60_000, from: 'learned' } as const;
    const lease = { slot: 'sensor', basis, heardAtMs: 1_000, untilMs: 61_000, learned: '{"n":1}' };
    const text = recordText({
      device: 'a/b',
      field: 'lx',
      untilMs: 61_000,
      body: bodyText({ event, lease }),
    });
    const read = readRecord(text);
    expect(read?.untilMs).toBe(61_000);
    const other = { ...event.adapter, instance };
    expect(readBody(read?.body ?? '', event.device, event.connectionId, other)).toEqual({ event, lease });
  });

  test.each(['session', 'lease'] as const)('keeps when the device connected, by the engine (%s)', (kind) => {
    const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
    const lease = { slot: '', basis, heardAtMs: 1_000, untilMs: 61_000 };
    const open = { event, claimedAtMs: 1_767_268_800_000, ...(kind === 'lease' && { lease }) };
    expect(readBody(bodyText(open), event.device, event.connectionId, event.adapter)).toEqual(open);
  });

  test('is read also if a later version appended to it', () => {
    const body = bodyText({ event }).replace(/\}$/, ',"z":[1]}');
    expect(readBody(body, event.device, event.connectionId, event.adapter)).toEqual({ event });
  });
});

test('what a later version appended to a value is skipped', () => {
  const more = ' more of it';
  const claim = `10123456789abcdef${shortId(instance)} ${shortId(connection)}`;
  expect(readClaim(claim + more)).toEqual(readClaim(claim));
  const sign = '1 7 1767268800000 0123456789abcdef';
  expect(unconfirmedSinceIn(sign + more)).toBe('0123456789abcdef');
  const death = {
    state: 'owed',
    declaredAtMs: 5,
    aliveAtMs: 3,
    unconfirmedSince: '0123456789abcdef',
  } as const;
  expect(readDeath(`${deathText(death)} -${more}`)).toEqual(death);
  expect(readDeath(deathText({ ...death, heir: instance }) + more)).toEqual({ ...death, heir: instance });
});

test('a death is read as it was written', () => {
  const death = {
    state: 'inherited',
    declaredAtMs: 5,
    aliveAtMs: 3,
    unconfirmedSince: '0123456789abcdef',
    heir: instance,
  } as const;
  expect(readDeath(deathText(death))).toEqual(death);
});

test('signs of life are read as they were written', () => {
  const signs = [
    [connection, { ageMs: 5, kind: 'request', ttdMs: 1, declaredMs: 2 }],
    [connection, { ageMs: 0, kind: 'goodbye' }],
    [connection, { ageMs: 0, kind: 'goodbye', waitedMs: 3 }],
  ] as const;
  expect(readMessage(signsText(signs))).toEqual({ type: 'signs', signs });
  expect(readMessage(signsText(Array.from({ length: mostSigns + 1 }, () => signs[1])))).toBeUndefined();
});

test('a foreign value is read as nothing, or as what it looks like', () => {
  const random = seededRandom(1);
  const good = [
    `10123456789abcdef${shortId(instance)} ${shortId(connection)}`,
    `1displaced ${shortId(connection)} 10123456789abcdef${shortId(instance)} ${shortId(connection)}`,
    `1signs [["${shortId(connection)}",0,5,null,null]]`,
    '1 owed 5 3 0123456789abcdef',
    recordText({ device: 'a/b', field: 'sx', body: '{"i":"x","e":"0123456789abcdef"}' }),
    ...nasty,
    '',
    '1signs {"__proto__":1}',
    '1signs [[1]]',
    '1signs [["=",0,1]]',
    '1ended =%zz',
    '{"i":1}',
    '[]',
    'null',
  ];
  for (let round = 0; round < 1_000; round++) {
    const text = good[random.pick(good.length)] ?? '';
    const at = random.pick(text.length + 1);
    const mangled =
      text.slice(0, at) +
      (good[random.pick(good.length)] ?? '').slice(random.pick(9)) +
      text.slice(at + random.pick(4));
    for (const read of [readClaim, readDeath, readMessage, readRecord, fullId, deviceNamed])
      expect(() => read(mangled)).not.toThrow();
    expect(() =>
      readBody(mangled, deviceRef('a', 'b'), connection as ConnectionId, { type: 'a', id: 'b', instance }),
    ).not.toThrow();
  }
});

test.each<[string, string]>([
  ['when it was observed', '"t":1e300'],
  ['a day after the last one', '"t":8640000000000001'],
  ['until when a lease went', '"b":{"kind":"lease","intervalMs":1,"from":"default","until":-1e300}'],
  ['a text as the end of a lease', '"b":{"kind":"lease","intervalMs":1,"from":"default","until":"soon"}'],
  ['when a lease was heard', '"l":["",1e300,1,{"kind":"lease","intervalMs":1,"from":"default"}]'],
])('a time that no event could carry makes a body foreign: %s', (_what, field) => {
  const fields = [
    '"i":"x"',
    '"e":"0123456789abcdef"',
    '"r":"r"',
    '"p":"p"',
    '"t":5',
    '"b":{"kind":"session"}',
  ];
  const read = (text: string) =>
    readBody(text, deviceRef('a', 'b'), connection as ConnectionId, { type: 'a', id: 'b', instance });
  expect(read(`{${fields.join()}}`)).toMatchObject({ event: { at: 5 } });
  expect(read(`{${[...fields, field].join()}}`)).toBeUndefined();
});

test('keys of one bucket, and those of the fleet, are each in one slot of a cluster', () => {
  const keys = keyNames('a:');
  const ofBucket = [
    keys.devices(7),
    keys.owedBy(7),
    keys.fenced(7),
    keys.heard(7),
    keys.ended(7),
    keys.burying(7, 'x'),
  ];
  expect(ofBucket.filter((key) => !key.startsWith('a:{7}'))).toEqual([]);
  const ofFleet = [keys.leases, keys.deaths, keys.fleet, keys.totals, keys.counted('x'), keys.instances];
  expect(ofFleet.filter((key) => !key.startsWith('a:{fleet}'))).toEqual([]);
});

test('a death that is passed on keeps the name of its heir', () => {
  const heir = 'A'.repeat(22);
  const inherited = readDeath(`1 inherited 2 1 0000000000000000 ${heir}`);
  expect(inherited && deathText(passedOn(inherited, 'settled'))).toBe(
    `1 settled 2 1 0000000000000000 ${heir}`,
  );
});

test.each([undefined, 7, '', '0'.repeat(15), '0'.repeat(17), 'F'.repeat(16)])('%j is no epoch', (value) => {
  expect(readEpoch(value)).toBeUndefined();
});

test('sixteen lower-case hexadecimal digits are an epoch', () => {
  expect(readEpoch('00000000000000ff')).toBe('00000000000000ff');
});

describe('what an instance noted of an ending', () => {
  const connected = anEvent('event-1', {
    slot: 'a',
    coalesced: 2,
    journal: { state: 'new' },
    basis: { kind: 'lease', intervalMs: 60_000, from: 'default' },
  });
  const { coalesced: _left, journal: _out, ...facts } = connected;
  const record = recordText({ device: 'acme/d\n', field: 'sx', body: '{}' });

  test.each(nasty)('is read back as it was: %j', (text) => {
    const ending = anEnding(facts, {
      id: 'event-2' as typeof connected.id,
      endedEpoch: '01a2076b44000002' as typeof connected.epoch,
      raw: { code: 141, text },
      adapter: { type: 'hono-http', id: text, instance },
    });
    const noted = readNote(`${endingText(ending, connected)}\n${record}`);
    expect(noted?.record).toBe(record);
    expect(readEnding(noted?.ending ?? '', connected)).toEqual(ending);
  });

  test.each([
    '',
    '1',
    '1[{},[]]',
    'x[{},[]]\n',
    `1[]\n${record}`,
    `1[{},[]]\n${record}`,
    `1[{"type":"disconnected"},[]]\n${record}`,
    `1${'['.repeat(20_000)}\n${record}`,
    null,
  ])('what is none is not read as one: %j', (text) => {
    const noted = readNote(text);
    expect(noted && readEnding(noted.ending, connected)).toBeUndefined();
  });

  test.each([
    { id: 5 },
    { reason: 'toString' },
    { at: 9e15 },
    { lastSeen: '5' },
    { uncertaintyMs: null },
    { clean: 'no' },
    { endedEpoch: 7 },
    { type: 'connected' },
  ])('a fact that none has: %j', (wrong) => {
    const text = endingText({ ...anEnding(facts), ...wrong } as ReturnType<typeof anEnding>, connected);
    expect(readEnding(text.slice(1), connected)).toBeUndefined();
  });
});
