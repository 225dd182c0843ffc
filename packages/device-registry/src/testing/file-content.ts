import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { registryUnderTestContent } from '@rollcall/conformance/registry';
import { dump } from 'js-yaml';
import { parseRegistry } from '../parse-registry.ts';

const secrets = [{ 'pwd-plain': 'secret' }];
export const password = (authId: string, facts: object = {}): object => ({
  type: 'hashed-password',
  'auth-id': authId,
  secrets,
  ...facts,
});

export const device = (id: string, facts: object = {}): object => ({ 'device-id': id, ...facts });
export const tenant = (id: string, devices: object[] = [], facts: object = {}): object => ({
  'tenant-id': id,
  devices,
  ...facts,
});

export function problemsOf(content: unknown, name = 'registry.yaml'): readonly string[] {
  const parsed = parseRegistry(name, typeof content === 'string' ? content : dump(content));
  return parsed.status === 'invalid' ? parsed.problems : [];
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const { pskKeys, certificateSubject, trustAnchors } = registryUnderTestContent;
export const authority = createCertificateAuthority(trustAnchors.enabled);
export const trustedByName = {
  'subject-dn': trustAnchors.disabled,
  'public-key': base64(authority.publicKey),
};
