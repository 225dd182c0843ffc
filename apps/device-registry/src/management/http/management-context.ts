import type { Clock } from '@rollcall/core/environment';
import type { Turns } from '@rollcall/http-service';
import type { ApiAccess } from '../access/api-access.ts';
import type { RegistryStore } from '../../store/registry-store.ts';
import type { PasswordHasher } from '../content/hash-passwords.ts';
import type { CredentialRules } from '../content/wanted-credentials.ts';

/** What the routes need for their answers. */
export interface ManagementContext {
  readonly clock: Pick<Clock, 'now'>;
  readonly store: RegistryStore;
  /** Authenticates requests. */
  readonly access: ApiAccess;
  readonly turns: Turns;
  readonly hasher: PasswordHasher;
  readonly rules: CredentialRules;
  readonly tenantIdPattern: RegExp;
  readonly deviceIdPattern: RegExp;
  readonly maxBodyBytes: number;
  readonly allowedOrigin: '*' | RegExp | undefined;
  /** Whether every program on this machine may do everything, without a login. */
  readonly open: boolean;
  /** Called with errors that no client caused. */
  failed(where: string, error: unknown): void;
}
