import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { RegistryContent, RegistryDevice, Secret } from '../registry-content.ts';

/** What may befall the access of a device that is there. */
const changes = ['disabled', 'deleted', 'secret replaced', 'secret expired'] as const;
type AccessChange = (typeof changes)[number];

/** Changes the registry of one adapter. */
export interface AccessDesk {
  readonly changes: readonly AccessChange[];
  /** @returns restores it, and resolves when the adapter must know of that. */
  end(device: string, change: AccessChange): () => Promise<void>;
  stop(): void;
}

/** A file counts once it has been at rest for a second: what is asked for meanwhile is written together. */
const everyMs = 3_500;

export function openAccessDesk(file: string, content: RegistryContent): AccessDesk {
  const ended = new Map<string, { readonly change: AccessChange; notAfter?: string }>();
  let changed = false;

  function write(): void {
    if (!changed) return;
    changed = false;
    const tenants = content.tenants.map((tenant) =>
      tenant['tenant-id'] === 'acme' ? { ...tenant, devices: tenant.devices.flatMap(asItIs) } : tenant,
    );
    writeFileSync(file, JSON.stringify({ tenants }));
  }

  function asItIs(device: RegistryDevice): readonly RegistryDevice[] {
    const of = ended.get(device['device-id']);
    if (of === undefined) return [device];
    const { change } = of;
    switch (change) {
      case 'deleted':
        return [];
      case 'disabled':
        return [{ ...device, enabled: false }];
      case 'secret replaced':
        return [withSecrets(device, replaced)];
      case 'secret expired': {
        const notAfter = (of.notAfter ??= new Date(Date.now() + 3_000).toISOString());
        return [withSecrets(device, (secret) => ({ ...secret, 'not-after': notAfter }))];
      }
      default:
        return change satisfies never;
    }
  }

  const timer = setInterval(write, everyMs);
  return {
    changes,
    end(device, change) {
      ended.set(device, { change });
      changed = true;
      return async () => {
        ended.delete(device);
        changed = true;
        await pause(2 * everyMs, undefined, { ref: false });
      };
    },
    stop: () => clearInterval(timer),
  };
}

function withSecrets(device: RegistryDevice, change: (secret: Secret) => Secret): RegistryDevice {
  return {
    ...device,
    credentials: (device.credentials ?? []).map((each) =>
      Object.assign({}, each, { secrets: each.secrets.map(change) }),
    ),
  };
}

/** By a secret that no device has. */
function replaced(secret: Secret): Secret {
  const another = Buffer.alloc(32, 1).toString('base64');
  return secret['key'] === undefined ? { ...secret, 'pwd-hash': another } : { ...secret, key: another };
}
