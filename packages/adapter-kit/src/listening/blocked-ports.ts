import type { Log } from '@rollcall/core/environment';

/** https://fetch.spec.whatwg.org/#port-blocking */
const blockedPorts: ReadonlySet<number> = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103],
  ...[
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
  ],
  ...[515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723],
  ...[2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080],
]);

/** Whether browsers, and `fetch` of Node.js, refuse to send an HTTP request to this port, whatever listens there. */
export function isBlockedPort(port: number): boolean {
  return blockedPorts.has(port);
}

/**
 * Tells the operator that browsers cannot reach a port that serves HTTP. Other clients, such as curl, can.
 *
 * @param service what is served there, e.g. `health`.
 */
export function warnOfBlockedPort(log: Pick<Log, 'warn'>, service: string, port: number): void {
  if (isBlockedPort(port))
    log.warn({ service, port }, 'browsers and fetch refuse to use this port: choose another one');
}
