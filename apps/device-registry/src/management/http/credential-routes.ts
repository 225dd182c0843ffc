import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { WriteOutcome } from '../../store/registry-write.ts';
import { parse } from '../content/fields.ts';
import { hashPasswords } from '../content/hash-passwords.ts';
import { mergeCredentials } from '../content/merge-credentials.ts';
import { shownCredentials } from '../content/shown-credentials.ts';
import { wantedCredentials, type WantedCredential } from '../content/wanted-credentials.ts';
import { RegistryError } from '../faults/registry-error.ts';
import { deviceOf, type OfDevice } from './addressed.ts';
import { answerJson, answerWritten } from './answers.ts';
import { expectedVersions } from './if-match.ts';
import type { ManagementContext } from './management-context.ts';
import { notFound, requireDone } from './require-done.ts';
import { requiredBody } from './tenant-routes.ts';

/** How often to merge again because another client has written the same credentials. Then the client is told to try later. */
const maxTries = 10;

export function credentialRoutes(app: FastifyInstance, context: ManagementContext): void {
  const { store, turns, rules, hasher } = context;
  const schema = wantedCredentials(rules);

  app.get<OfDevice>('/v1/credentials/:tenant/:device', async (request, reply) => {
    const { tenant, device } = deviceOf(request, 'read', context);
    const set = await turns.take(tenant, () => store.credentialsOf(tenant, device));
    if (!set) throw notFound('device');
    return answerJson(reply, shownCredentials(set.credentials), set.version);
  });

  app.put<OfDevice>('/v1/credentials/:tenant/:device', async (request, reply) => {
    const { tenant, device } = deviceOf(request, 'admin', context);
    const wanted = parse(schema, requiredBody(request));
    const expected = expectedVersions(request.headers['if-match']);
    await turns.take(tenant, () => requireReplaceable(tenant, device, expected));
    // Hashing takes long, so requests that will be refused are refused before.
    const hashed = await hashPasswords(wanted, tenant, rules.hashCost, hasher);
    const version = randomUUID();
    const outcome = await turns.take(tenant, () => replace(tenant, device, hashed, version, expected));
    requireDone(outcome);
    return answerWritten(reply, version);
  });

  async function requireReplaceable(
    tenant: string,
    device: string,
    expected: readonly string[] | undefined,
  ): Promise<void> {
    const set = await store.credentialsOf(tenant, device);
    if (!set) throw notFound('device');
    if (expected && !expected.includes(set.version)) requireDone({ status: 'version-mismatch' });
  }

  /** Merges with the stored credentials, and again if these have changed before the write. */
  async function replace(
    tenant: string,
    device: string,
    wanted: readonly WantedCredential[],
    version: string,
    expected: readonly string[] | undefined,
  ): Promise<WriteOutcome> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const set = await store.credentialsOf(tenant, device);
      if (!set) throw notFound('device');
      if (expected && !expected.includes(set.version)) return { status: 'version-mismatch' };
      const outcome = await store.write({
        kind: 'put-credentials',
        ...{ tenant, device, version },
        credentials: mergeCredentials(set.credentials, wanted, randomUUID),
        expected: [set.version],
      });
      if (outcome.status !== 'version-mismatch') return outcome;
    }
    throw new RegistryError(503, 'others write these credentials all the time', { 'retry-after': '1' });
  }
}
