/**
 * A registry of so many devices, as somebody would write it.
 * @param {string} format @param {number} count @param {string} site where all devices are @param {boolean} isLastEnabled
 */
export function registryText(format, count, site, isLastEnabled) {
  const hash = 'A'.repeat(88);
  const salt = 'AAAAAAAAAAA=';
  const devices = Array.from({ length: count }, (_, index) => {
    const enabled = isLastEnabled || index + 1 < count;
    if (format === 'json') return jsonOf(index, site, enabled, hash, salt);
    return [
      `      - device-id: device-${index}`,
      `        enabled: ${enabled}`,
      `        defaults: { site: ${site} }`,
      '        credentials:',
      '          - type: hashed-password',
      `            auth-id: sensor-${index}`,
      '            secrets:',
      '              - hash-function: sha-512',
      `                pwd-hash: ${hash}`,
      `                salt: ${salt}`,
    ].join('\n');
  });
  return format === 'json'
    ? `{"tenants":[{"tenant-id":"DEFAULT_TENANT","devices":[\n${devices.join(',\n')}\n]}]}\n`
    : `tenants:\n  - tenant-id: DEFAULT_TENANT\n    devices:\n${devices.join('\n')}\n`;
}

/** @param {number} index @param {string} site @param {boolean} enabled @param {string} hash @param {string} salt */
function jsonOf(index, site, enabled, hash, salt) {
  const secrets = [{ 'hash-function': 'sha-512', 'pwd-hash': hash, salt }];
  const credentials = [{ type: 'hashed-password', 'auth-id': `sensor-${index}`, secrets }];
  return JSON.stringify({ 'device-id': `device-${index}`, enabled, defaults: { site }, credentials });
}
