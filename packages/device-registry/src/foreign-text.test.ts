import { nastyStrings } from '@rollcall/conformance/hostile';
import { isPrintable } from '@rollcall/core/text';
import { afterEach, expect, test, vi } from 'vitest';
import { parseRegistry } from './parse-registry.ts';

function withNames(tenant: string, device: string, authId: string): string {
  const credentials = { type: 'psk', 'auth-id': authId, secrets: [{ key: 'aG9ubw==' }] };
  const devices = [{ 'device-id': device, credentials: [credentials] }];
  return JSON.stringify({ tenants: [{ 'tenant-id': tenant, devices }] });
}

const nasty = Object.entries(nastyStrings).filter(([, text]) => !isPrintable(text));

test.each(nasty)('a file with %s in a tenant, device or auth-id is refused', (_what, text) => {
  expect(parseRegistry('r.json', withNames('acme', 'valve', 'valve')).status).toBe('valid');
  for (const [tenant, device, authId] of [
    [text, 'valve', 'valve'],
    ['acme', text, 'valve'],
    ['acme', 'valve', text],
  ] as [string, string, string][])
    expect(parseRegistry('r.json', withNames(tenant, device, authId))).toMatchObject({
      status: 'invalid',
      problems: [expect.stringContaining('cannot be seen')],
    });
});

test('a certificate subject that spells an invisible character with escapes is refused', () => {
  const credentials = { type: 'x509-cert', 'auth-id': String.raw`CN=a\E2\80\AEb`, secrets: [{}] };
  const devices = [{ 'device-id': 'valve', credentials: [credentials] }];
  const parsed = parseRegistry('r.json', JSON.stringify({ tenants: [{ 'tenant-id': 'acme', devices }] }));
  expect(parsed.status).toBe('invalid');
});

function withDefaults(defaults: object): string {
  const devices = [{ 'device-id': 'valve', defaults }];
  return JSON.stringify({ tenants: [{ 'tenant-id': 'acme', defaults, devices }] });
}

test.each(nasty)('a default property with %s in its name is refused', (_what, text) => {
  expect(parseRegistry('r.json', withDefaults({ [text]: 1 })).status).toBe('invalid');
});

test('a default property whose value has a control character or half a surrogate pair is refused', () => {
  for (const text of Object.values(nastyStrings)) {
    // oxlint-disable-next-line no-control-regex -- the test is about them
    const harmful = /[\u0000-\u001f\u007f-\u009f]/.test(text) || !text.isWellFormed();
    const { status } = parseRegistry('r.json', withDefaults({ location: text }));
    expect(status, JSON.stringify(text)).toBe(harmful ? 'invalid' : 'valid');
  }
});

afterEach(() => vi.restoreAllMocks());

test.each([
  ['r.json', '{"pwd-plain": s3cret}'],
  ['r.json', '{"pwd-plain": "s3cret'],
  ['r.json', 's3cret'],
  ['r.yaml', 'pwd-plain: *s3cret'],
  ['r.yaml', 'pwd-plain: !s3cret x'],
  ['r.yaml', 'pwd-plain: "s3cret'],
  ['r.yaml', 'pwd-plain: b: s3cret'],
])('a problem with the syntax of %s is reported without quoting the file: %s', (file, text) => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const parsed = parseRegistry(file, text);
  expect(parsed.status).toBe('invalid');
  expect(JSON.stringify(parsed)).not.toContain('s3cret');
  expect(warned).not.toHaveBeenCalled();
});
