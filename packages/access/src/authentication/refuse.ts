import type { TenantId } from '@rollcall/core';
import type { AuthenticationResult, LoginProblem, RefusalReason } from '../authentication-result.ts';
import { refusalTexts } from './refusal-texts.ts';

/** What of its credentials was wrong. For metrics and the log: the device must not learn it. */
export type CredentialsProblem =
  | LoginProblem
  | 'unknown-tenant'
  | 'unknown-device'
  | 'credentials-disabled'
  | 'wrong-secret'
  | 'secret-gone'
  | 'secret-expired'
  | 'certificate-untrusted';

export type Refused = Extract<AuthenticationResult, { readonly status: 'refused' }> & {
  readonly problem?: CredentialsProblem;
  /** Set if it is known, and the login did not name it. */
  readonly tenant?: TenantId;
};

export function refuse(reason: RefusalReason, problem?: CredentialsProblem): Refused {
  return {
    status: 'refused',
    refusal: { reason, text: refusalTexts[reason] },
    ...(problem !== undefined && { problem }),
  };
}

const nothingToGuess: readonly CredentialsProblem[] = [
  'unknown-tenant',
  'unknown-device',
  'credentials-malformed',
];

/** Whether there is such a name: what was wrong was what it presented. */
export function isGuess(outcome: object): boolean {
  return !('problem' in outcome) || !nothingToGuess.includes(outcome.problem as CredentialsProblem);
}
