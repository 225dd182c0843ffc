import { expect, test } from 'vitest';
import type { CredentialContent } from '../../store/registry-content.ts';
import { done, password, type Given } from './hand.ts';

export function describeCredentials(given: Given): void {
  test('credentials are replaced as a set, which has its own version', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.device('one');
    const before = await hand.store.credentialsOf('acme', 'one');
    const psk: CredentialContent = { type: 'psk', 'auth-id': 'user', secrets: [{ id: 'k', key: 'AAAA' }] };
    const put = { kind: 'put-credentials', tenant: 'acme', device: 'one', version: 'c1' } as const;
    const wrong = { ...put, credentials: [], expected: ['no'] };
    expect(await hand.write(wrong)).toEqual({ status: 'version-mismatch' });
    const set = [psk, password('user')];
    const expected = [String(before?.version)];
    expect(await hand.write({ ...put, credentials: set, expected })).toEqual(done);
    expect(await hand.store.credentialsOf('acme', 'one')).toEqual({ credentials: set, version: 'c1' });
    expect((await hand.store.registration('acme', 'one')).device?.version).toBe(before?.version);
    expect((await hand.store.credentialsBy('acme', 'psk', 'user')).found?.credentials).toEqual(psk);
    await hand.credentials('one', [password('user', 'BBBB')]);
    expect((await hand.store.credentialsBy('acme', 'psk', 'user')).found).toBeUndefined();
    expect(await hand.write({ ...put, device: 'two', credentials: [] })).toEqual({
      status: 'not-found',
      what: 'device',
    });
    expect(await hand.write({ ...put, tenant: 'other', credentials: [] })).toEqual({
      status: 'not-found',
      what: 'tenant',
    });
  });

  test('type and auth-id are unique in a tenant, and a refused set changes nothing', async () => {
    const hand = await given();
    await hand.tenant('acme', { 'registration-limits': { 'max-credentials-per-device': 2 } });
    await hand.device('one');
    await hand.device('two');
    await hand.credentials('one', [password('user')]);
    await hand.credentials('two', [password('mine')]);
    expect(await hand.credentials('two', [password('new'), password('user')])).toEqual({
      status: 'taken',
      what: 'auth-id',
    });
    expect(
      await hand.credentials(
        'two',
        ['a', 'b', 'c'].map((each) => password(each)),
      ),
    ).toEqual({
      status: 'limit-reached',
      what: 'credentials',
      limit: 2,
    });
    expect((await hand.store.credentialsOf('acme', 'two'))?.credentials).toEqual([password('mine')]);
    expect(await hand.credentials('two', [])).toEqual(done);
  });
}
