import { normalName } from '../names/normal-name.ts';

/** The stored form of an auth-id: the subject of a certificate can be written in several ways. */
export function normalAuthId(type: string, authId: string): string {
  return type === 'x509-cert' ? (normalName(authId) ?? authId) : authId;
}
