import { normalName } from '../names/normal-name.ts';

/** An auth-id as it is stored: names in certificates have many spellings, and one form. */
export function normalAuthId(type: string, authId: string): string {
  return type === 'x509-cert' ? (normalName(authId) ?? authId) : authId;
}
