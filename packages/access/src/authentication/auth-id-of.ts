import type { TrustAnchor } from '@rollcall/core/registry';
import type { PresentedCertificate } from './presented-certificate.ts';

const attributes: ReadonlyMap<string, string> = new Map([
  ['subject-cn', 'CN'],
  ['subject-ou', 'OU'],
  ['subject-o', 'O'],
]);

/**
 * By what auth-id the registry knows the holder of a certificate: its subject, or what the anchor's template makes of that.
 * `undefined` where the subject lacks what the template asks for.
 */
export function authIdOf(
  { parts, subjectDn }: PresentedCertificate,
  { authIdTemplate }: TrustAnchor,
): string | undefined {
  if (authIdTemplate === undefined) return subjectDn;
  let complete = true;
  const authId = authIdTemplate.replaceAll(/\{\{(.*?)\}\}/g, (_placeholder, name: string) => {
    if (name === 'subject-dn') return subjectDn;
    const value = parts.subject.flat().find(({ type }) => type === attributes.get(name))?.text ?? '';
    if (value === '') complete = false;
    return value;
  });
  return complete ? authId : undefined;
}
