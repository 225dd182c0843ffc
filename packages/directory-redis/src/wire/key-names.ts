/** Names of the keys of one fleet. What stands in braces decides the slot in a cluster. */
export interface KeyNames {
  /** In front of the name of a device: hash of the device, slot → claim. */
  devices(bucket: number): string;
  /** In front of an incarnation: hash, connection → record of what its ending needs. */
  owedBy(bucket: number): string;
  /** Set of incarnations that may claim nothing any more. */
  fenced(bucket: number): string;
  /** Hash: lease → when others than its holder heard its device last. */
  heard(bucket: number): string;
  /** In front of a connection: it moved, and its ending was told. */
  ended(bucket: number): string;
  /** Hash: connections of a dead incarnation whose endings were told. */
  told(bucket: number, instance: string): string;
  /** Who buries this incarnation in this bucket at the moment. */
  burying(bucket: number, instance: string): string;
  /** Number of connections of an incarnation: tenant → number. */
  counted(instance: string): string;
  /** In front of an incarnation: its channel. */
  readonly channels: string;
  /** Hash: incarnation → sign of life. */
  readonly leases: string;
  /** Hash: incarnation → its death. */
  readonly deaths: string;
  /** Hash: incarnation → which adapter it is of. */
  readonly instances: string;
  /** Hash: what the fleet shares. */
  readonly fleet: string;
  /** Hash: tenant → connections of all living incarnations. */
  readonly totals: string;
}

/** @param prefix of all keys and channels of the fleet; without braces. */
export function keyNames(prefix: string): KeyNames {
  const fleet = `${prefix}{fleet}`;
  return {
    devices: (bucket) => `${prefix}{${bucket}}d:`,
    owedBy: (bucket) => `${prefix}{${bucket}}i:`,
    fenced: (bucket) => `${prefix}{${bucket}}f`,
    heard: (bucket) => `${prefix}{${bucket}}h`,
    ended: (bucket) => `${prefix}{${bucket}}e:`,
    told: (bucket, instance) => `${prefix}{${bucket}}t:${instance}`,
    burying: (bucket, instance) => `${prefix}{${bucket}}b:${instance}`,
    counted: (instance) => `${fleet}n:${instance}`,
    channels: `${prefix}to:`,
    leases: `${fleet}leases`,
    deaths: `${fleet}deaths`,
    instances: `${fleet}instances`,
    fleet: `${fleet}state`,
    totals: `${fleet}totals`,
  };
}
