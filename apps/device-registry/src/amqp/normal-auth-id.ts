import { normalName } from '../names/normal-name.ts';

/** An auth-id as it is stored: the subject of a certificate can be written in many ways, and has one normal form. */
export function normalAuthId(type: string, authId: string): string {
  return type === 'x509-cert' ? (normalName(authId) ?? authId) : authId;
}
