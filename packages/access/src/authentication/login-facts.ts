import type { DeviceLogin, TokenLogin } from '../login.ts';
import { loggableTenant, loggableUsername } from './loggable-username.ts';
import { readPresentedCertificate, type PresentedCertificate } from './presented-certificate.ts';
import { tenantLabelIn } from './tenant-of-certificate.ts';
import { maxNameLength } from './split-username.ts';

/** What a login says before anything is looked up. */
export interface LoginFacts {
  /** By what name its failures are limited. Bounded in length. */
  readonly name: string;
  readonly kind: 'password' | 'certificate' | 'token';
  readonly secret: Uint8Array;
  /** In whose queue it waits, see `createTurns`. */
  readonly queueName: string;
  /** Absent where the login has no certificate, or none that can be read. */
  readonly presented?: PresentedCertificate;
  /** What the log says of it, should it be refused. */
  logged(): object;
}

/** A certificate does not name a tenant: until that is looked up, its issuer stands for it. */
export function readLogin(login: DeviceLogin): LoginFacts {
  if ('token' in login) return readTokenLogin(login);
  if (!('certificate' in login)) {
    const { username, password } = login;
    return {
      name: boundedName(username),
      kind: 'password',
      secret: password,
      queueName: username,
      logged: () => loggedName(username),
    };
  }
  const presented = readPresentedCertificate(login);
  const label = tenantLabelIn(login.serverName);
  const certificate = { kind: 'certificate', secret: withLabel(login.certificate, label) } as const;
  if (!presented) return { ...certificate, name: '', queueName: '@', logged: () => ({}) };
  const { subjectDn: subject, issuerDn: issuer } = presented;
  return {
    ...certificate,
    presented,
    name: boundedName(subject),
    queueName: `@${issuer}`,
    logged: () => ({ subject, issuer, ...(label !== undefined && { serverLabel: label }) }),
  };
}

/** With another server name the same certificate may be another device's. */
function withLabel(certificate: Uint8Array, label: string | undefined): Uint8Array {
  return label === undefined ? certificate : Buffer.concat([certificate, Buffer.from(`\n${label}`)]);
}

/** Of the token itself nothing is logged. An auth-id may have an `@` here; a tenant has a queue of its own by what follows the first. */
function readTokenLogin({ token, tenant, authId }: TokenLogin): LoginFacts {
  const username = `${authId}@${tenant}`;
  return {
    name: boundedName(username),
    kind: 'token',
    secret: Buffer.from(token),
    queueName: `@${tenant}`,
    logged: () => loggedName(username),
  };
}

function loggedName(username: string): object {
  return { username: loggableUsername(username), tenant: loggableTenant(username) };
}

/** No device has a longer name: such names share one limit, and take no room. */
export function boundedName(name: string): string {
  return name.length > 2 * maxNameLength ? '' : name;
}
