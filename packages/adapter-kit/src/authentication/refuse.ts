import type { AuthenticationResult, RefusalReason } from '../protocol-adapter.ts';
import { refusalTexts } from './refusal-texts.ts';

export type Refused = Extract<AuthenticationResult, { readonly status: 'refused' }>;

export function refuse(reason: RefusalReason): Refused {
  return { status: 'refused', refusal: { reason, text: refusalTexts[reason] } };
}
