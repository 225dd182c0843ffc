import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes a folder with `registry.yaml`, a registry of one device: `pump` of the tenant `acme`, whose password is `hush`.
 * Who asked for the folder removes it.
 */
export async function folderWithPump(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-fleet-'));
  await writeFile(
    join(folder, 'registry.yaml'),
    'tenants: [{tenant-id: acme, devices: [{device-id: pump, credentials: [{type: hashed-password, auth-id: pump, secrets: [{pwd-plain: hush}]}]}]}]',
  );
  return folder;
}
