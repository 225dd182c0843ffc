import { inFullCredentials, inFullTenant } from '@rollcall/device-registry/internal';
import { tenantsInFile, type FileDevice } from './entries-of-file.ts';
import {
  pathOf,
  refusalText,
  type Json,
  type ManagementAnswer,
  type ManagementClient,
} from './management-client.ts';
import { nameOf, type Named } from './named.ts';

export interface ImportedIntoService {
  readonly tenants: number;
  readonly devices: number;
  /** What was not written, and why. */
  readonly problems: readonly string[];
}

/** Devices that are written at a time. */
const together = 8;

/**
 * Writes what a registry file says: what is there is replaced, and nothing is removed. A tenant that is not taken takes its
 * devices along; a device that is not, no other.
 *
 * @throws ConfigError where the file has a mistake; Error where the registry does not answer
 */
export async function importIntoService(
  file: string,
  client: ManagementClient,
): Promise<ImportedIntoService> {
  const done = { tenants: 0, devices: 0, problems: [] as string[] };
  const isDone = (named: Named, answer: ManagementAnswer): boolean => {
    if (isWritten(answer)) return true;
    done.problems.push(`${nameOf(named)}: ${refusalText(answer)}`);
    return false;
  };
  for (const { 'tenant-id': tenant, devices = [], ...content } of tenantsInFile(file)) {
    if (!isDone({ tenant }, await replace(client, { tenant }, inFullTenant(content)))) continue;
    done.tenants += 1;
    const waiting = devices.values();
    const work = async (): Promise<void> => {
      for (const device of waiting) {
        const named = { tenant, device: device['device-id'] };
        if (isDone(named, await replaceDevice(client, named, device))) done.devices += 1;
      }
    };
    await Promise.all(Array.from({ length: together }, work));
  }
  return done;
}

/** 201 where it was created, 204 where it was replaced: others answer 200 to anything. */
function isWritten({ status }: ManagementAnswer): boolean {
  return status === 201 || status === 204;
}

/** Creates it, or replaces it if it exists. */
async function replace(client: ManagementClient, named: Named, content: Json): Promise<ManagementAnswer> {
  const created = await client.ask('POST', pathOf(named), content);
  if (created.status !== 409) return created;
  const updated = await client.ask('PUT', pathOf(named), content);
  // It was not its id that is taken.
  return updated.status === 404 ? created : updated;
}

async function replaceDevice(
  client: ManagementClient,
  named: Named,
  { 'device-id': _id, credentials = [], ...content }: FileDevice,
): Promise<ManagementAnswer> {
  const written = await replace(client, named, content);
  if (!isWritten(written)) return written;
  return client.ask('PUT', pathOf(named, 'credentials'), credentials.map(inFullCredentials));
}
