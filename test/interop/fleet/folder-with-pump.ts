import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes a folder with `registry.yaml`, a registry of pumps of the tenant `acme`, whose passwords are `hush`. Who asked for the folder
 * removes it.
 *
 * @param pumps their names; default: one, `pump`.
 */
export async function folderWithPump(pumps: readonly string[] = ['pump']): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-fleet-'));
  const devices = pumps.map(
    (name) =>
      `{device-id: ${name}, credentials: [{type: hashed-password, auth-id: ${name}, secrets: [{pwd-plain: hush}]}]}`,
  );
  await writeFile(
    join(folder, 'registry.yaml'),
    `tenants: [{tenant-id: acme, devices: [${devices.join(', ')}]}]`,
  );
  return folder;
}
