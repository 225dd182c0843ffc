/** Over how many buckets devices are spread: the keys of one bucket are in one slot of a cluster, so its scripts are atomic. */
export const bucketCount = 1024;

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** CRC16 (XMODEM, as Redis Cluster has it) of the name's UTF-16 units, modulo the number of buckets. */
export function bucketOf(deviceName: string): number {
  let crc = 0;
  for (let at = 0; at < deviceName.length; at++) {
    const unit = deviceName.charCodeAt(at);
    crc = step(crc, unit & 0xff);
    if (unit > 0xff) crc = step(crc, unit >> 8);
  }
  return crc % bucketCount;
}

function step(crc: number, byte: number): number {
  return ((crc << 8) ^ (table[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
}
