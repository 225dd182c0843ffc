import { networkInterfaces } from 'node:os';

/** This machine's loopback addresses, one for each address family that it has. */
export const loopbackHosts: readonly string[] = [
  '127.0.0.1',
  ...(Object.values(networkInterfaces())
    .flat()
    .some((each) => each?.address === '::1')
    ? ['::1']
    : []),
];

/** Addresses from which this machine can connect to a loopback address: on Linux, all of 127.0.0.0/8. */
export function loopbackSources(host: string): readonly string[] {
  return host === '127.0.0.1' && process.platform === 'linux' ? [host, '127.0.0.2', '127.43.7.9'] : [host];
}
