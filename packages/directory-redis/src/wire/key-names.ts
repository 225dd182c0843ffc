/** Names of the keys of one fleet. The part in braces decides the slot in a cluster. */
export interface KeyNames {
  /** Prefix of a device's hash (slot → claim): the name of the device follows. */
  devices(bucket: number): string;
  /** Prefix of an incarnation's hash (connection → record of what its ending needs): the incarnation follows. */
  owedBy(bucket: number): string;
  /** Set of incarnations that may claim nothing any more. */
  fenced(bucket: number): string;
  /** Hash: lease → when another instance than its holder last heard the device. */
  heard(bucket: number): string;
  /** Prefix of the mark that a connection that moved was ended: the connection follows. */
  ended(bucket: number): string;
  /** Hash: connections of a dead incarnation whose endings were published, and leases with which others went on. */
  told(bucket: number, instance: string): string;
  /** Prefix of an incarnation's hashes of endings that it may not have sent (connection → note): incarnation, `:` and window follow. */
  noted(bucket: number): string;
  /** The undertaker that buries this incarnation in this bucket at the moment. */
  burying(bucket: number, instance: string): string;
  /** Hash: tenant → number of connections of this incarnation. */
  counted(instance: string): string;
  /** Prefix of an incarnation's channel: the incarnation follows. */
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
  /** A text, a hash and a set on which commands are tried; empty afterwards. */
  readonly probes: readonly string[];
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
    noted: (bucket) => `${prefix}{${bucket}}x:`,
    burying: (bucket, instance) => `${prefix}{${bucket}}b:${instance}`,
    counted: (instance) => `${fleet}n:${instance}`,
    channels: `${prefix}to:`,
    leases: `${fleet}leases`,
    deaths: `${fleet}deaths`,
    instances: `${fleet}instances`,
    fleet: `${fleet}state`,
    totals: `${fleet}totals`,
    probes: ['text', 'hash', 'set'].map((kind) => `${fleet}probe:${kind}`),
  };
}
