import type { AuthenticationResult, RefusalReason } from '../protocol-adapter.ts';
import { refusalTexts } from './refusal-texts.ts';

/** What of its credentials was wrong. For metrics and the log: the device must not learn it. */
export type CredentialsProblem = 'unknown-tenant' | 'unknown-device' | 'wrong-secret';

export type Refused = Extract<AuthenticationResult, { readonly status: 'refused' }> & {
  readonly problem?: CredentialsProblem;
};

export function refuse(reason: RefusalReason, problem?: CredentialsProblem): Refused {
  return {
    status: 'refused',
    refusal: { reason, text: refusalTexts[reason] },
    ...(problem !== undefined && { problem }),
  };
}
