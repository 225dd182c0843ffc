import { heldBackText, type RegistryCheck } from '@rollcall/device-registry';

const kinds = [
  ['tenant', 'tenants'],
  ['device', 'devices'],
  ['hashed-password', 'passwords (hashed-password)'],
  ['psk', 'keys (psk)'],
  ['x509-cert', 'certificates (x509-cert)'],
  ['rpk', 'public keys (rpk)'],
] as const;

/** The result of a check of a registry file, as lines for people. */
export function registryCheckText(check: RegistryCheck): readonly string[] {
  if (check.status === 'invalid') return [...check.problems, 'an adapter does not take this file'];
  const { counts, warnings, reload } = check;
  return [
    ...warnings.map((warning) => `warning: ${warning}`),
    ...kinds.map(([kind, name]) => `${name}: ${counts[kind]}${changed(reload?.changes[kind])}`),
    ...(reload?.held
      ? [
          `held back: ${heldBackText(reload.held)}; they stay until ROLLCALL_REGISTRY_HOLD is over, or rollcall registry accept`,
        ]
      : []),
    'an adapter takes this file',
  ];
}

function changed(changes: Readonly<Record<'added' | 'changed' | 'removed', number>> | undefined): string {
  if (!changes) return '';
  const parts = Object.entries(changes).filter(([, count]) => count > 0);
  return parts.length === 0
    ? ', as before'
    : `, ${parts.map(([how, count]) => `${count} ${how}`).join(', ')}`;
}
