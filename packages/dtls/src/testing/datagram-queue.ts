/** Datagrams on their way, in one process: each arrives when `run` lets it. */
export interface DatagramQueue {
  /** Sends a datagram: `arrive` is called for each that the network makes of it. */
  send(datagram: Buffer, arrive: (datagram: Buffer) => void): void;
  /** Delivers datagrams until none is on its way. */
  run(): Promise<void>;
}

export interface DatagramQueueOptions {
  /** Waits for the promises that are ready. */
  settled(): Promise<void>;
  /** What becomes of a datagram: the datagrams that arrive. */
  readonly network?: (datagram: Buffer) => readonly Buffer[];
  /** Where a datagram enters the queue, a number up to `queued`; `queued` keeps the order. */
  readonly placeInQueue?: (queued: number) => number;
}

export function createDatagramQueue({
  settled,
  network = (datagram) => [datagram],
  placeInQueue = (queued) => queued,
}: DatagramQueueOptions): DatagramQueue {
  const queue: (() => void)[] = [];
  return {
    send(datagram, arrive) {
      for (const each of network(datagram)) queue.splice(placeInQueue(queue.length), 0, () => arrive(each));
    },
    async run() {
      do {
        for (let arrive = queue.shift(); arrive !== undefined; arrive = queue.shift()) arrive();
        await settled();
      } while (queue.length > 0);
    },
  };
}
