import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { prf } from './prf.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

describe('the pseudo-random function', () => {
  test('the PRF gives the vector that the TLS working group published for SHA-256', () => {
    const secret = bytes('9bbe436ba940f017b17652849a71db35');
    const seed = bytes('a0ba9f936cda311827a6f796ffd5198c');
    const expected = bytes(`
      e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
      6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
      4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
      87347b66`);
    expect(prf(secret, 'test label', seed, 100)).toEqual(expected);
    expect(prf(secret, 'test label', seed, 33)).toEqual(expected.subarray(0, 33));
  });

  // From NIST's ACVP samples for the KDF of RFC 7627: premaster secret, session hash, randoms, master secret, key block.
  test.each([
    {
      premaster:
        '8252b983a6459a6fb3b9debe8725247e276139ebf7c9adccdd7d240f3ada7f5e3351b2769b6c8dc169a6d799c3c0ffeb',
      sessionHash: '1359d7df74cb27c67f74c98d521d442b887eaf0decf6e382c62434d6c3dd7d0d',
      client: 'abe7af69affc5e0944f4009b3e7abd1cc0a5cce8db055eff4a509e5b6de9475a',
      server: '50e0a1a1fd64a55259781a5c22580a81f99799c32f52d3f48d2c10c5c692e289',
      master:
        '43a5e821fcf5446c712207f7cd161ed213ee3b9d001d418c57231befd596b583ecd55ab2c4456b02738698f90bc59ac0',
      keyBlock: '4886e75be82dd4fb73c540729072d3e29b93c164e1cffe071f1212b1237b98dc0b0a5895f331f718',
    },
    {
      premaster:
        'cbf55e41501394407612d1ec385104fa1a8e59eb00832eccbd0b92c2404af47e7171eaec467f04e06f8dcae0add1bbee',
      sessionHash: '6d7cbb7e2dffd4e1ad853998e74c647586838c47b1e113af5b58586d66a26a4d',
      client: 'f4dd2b599984f5e514320d12dcda8d11b32e61efd888f5aba1ad28b780b2b739',
      server: '804814a3c29b9d842b5aa0e1f11c4ba580bdacb0a33caab74ccf02da90787397',
      master:
        '89902a83be5fe73e31a5dfe1f631effccb490326f2781e9983b5695e728f10f9ea12f659b62dbe98886959aec0833092',
      keyBlock: 'b0bf5c1f8582fadd3356a1a2d68c438aa17689401a95d5e7564e9743637c2bcd1ae29fc67b553b4a',
    },
  ])('the PRF gives the extended master secret and the keys that NIST publishes: $master', (vector) => {
    const premaster = bytes(vector.premaster);
    const master = prf(premaster, 'extended master secret', bytes(vector.sessionHash), 48);
    expect(master).toEqual(bytes(vector.master));
    const seed = bytes(vector.server + vector.client);
    expect(prf(master, 'key expansion', seed, 40)).toEqual(bytes(vector.keyBlock));
  });

  test.each([0, 1, 63, 64, 65, 200])('a secret of %i bytes gives what HMAC gives', (length) => {
    const secret = Buffer.alloc(length, 0x5c);
    const seed = Buffer.alloc(64, 7);
    const hmac = (...parts: Buffer[]): Buffer =>
      createHmac('sha256', secret).update(Buffer.concat(parts)).digest();
    const labelled = Buffer.concat([Buffer.from('key expansion'), seed]);
    const chained = hmac(labelled);
    expect(prf(secret, 'key expansion', seed, 64)).toEqual(
      Buffer.concat([hmac(chained, labelled), hmac(hmac(chained), labelled)]),
    );
  });

  test('label and seed longer than any in TLS are refused', () => {
    expect(() => prf(Buffer.alloc(48), 'label', Buffer.alloc(92), 12)).toThrow(RangeError);
  });
});
