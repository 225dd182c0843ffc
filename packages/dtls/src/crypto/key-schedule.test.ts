import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  extendedMasterSecret,
  finishedData,
  isFinished,
  masterSecret,
  pskPremaster,
} from './key-schedule.ts';

/** RFC 5246 §5, implemented a second time, word by word, for two blocks of output. */
function twoBlocks(secret: Buffer, label: string, seed: Buffer): Buffer {
  const hmac = (input: Buffer): Buffer => createHmac('sha256', secret).update(input).digest();
  const labelled = Buffer.concat([Buffer.from(label), seed]);
  const a1 = hmac(labelled);
  const a2 = hmac(a1);
  return Buffer.concat([hmac(Buffer.concat([a1, labelled])), hmac(Buffer.concat([a2, labelled]))]);
}

const client = Buffer.alloc(32, 1);
const server = Buffer.alloc(32, 2);

describe('the key schedule', () => {
  test('the premaster secret of a pre-shared key is laid out as RFC 4279 §2 says', () => {
    expect(pskPremaster(Buffer.from('abc')).toString('hex')).toBe('00030000000003616263');
    expect(pskPremaster(Buffer.from('abc'), Buffer.from([9, 9])).toString('hex')).toBe('000209090003616263');
  });

  test('the master secret is derived from the randoms, and the premaster secret is overwritten', () => {
    const premaster = Buffer.alloc(20, 7);
    const expected = twoBlocks(Buffer.from(premaster), 'master secret', Buffer.concat([client, server]));
    expect(masterSecret(premaster, { client, server })).toEqual(expected.subarray(0, 48));
    expect(premaster).toEqual(Buffer.alloc(20));
  });

  test('the extended master secret is derived from the transcript', () => {
    const transcript = [Buffer.from('hello'), Buffer.from('key exchange')];
    const sessionHash = createHash('sha256').update('hellokey exchange').digest();
    const expected = twoBlocks(Buffer.alloc(20, 7), 'extended master secret', sessionHash);
    expect(extendedMasterSecret(Buffer.alloc(20, 7), transcript)).toEqual(expected.subarray(0, 48));
  });

  test('a Finished fits one side, one transcript and its own length', () => {
    const master = Buffer.alloc(48, 3);
    const transcript = [Buffer.from('all'), Buffer.from('of it')];
    const data = finishedData(master, 'client', transcript);
    expect(data).toHaveLength(12);
    expect(isFinished(data, master, 'client', transcript)).toBe(true);
    expect(isFinished(data, master, 'server', transcript)).toBe(false);
    expect(isFinished(data, master, 'client', [Buffer.from('less')])).toBe(false);
    expect(isFinished(data.subarray(1), master, 'client', transcript)).toBe(false);
  });
});
