import type { Socket } from 'node:net';
import { peerAddress, remoteIpOf, type SocketPlace } from '@rollcall/adapter-kit/listening';

/**
 * A network connection, over all its requests: from where it comes, and how much it is worth. Those that never proved who they are give
 * way first.
 */
export class DeviceSocket {
  /** Asked for once: the address is gone once the socket is, and to ask takes as long as to look a device up. */
  readonly remoteIp: string;
  readonly remoteAddress: string | undefined;
  readonly #place: SocketPlace;
  #proved = false;

  constructor(socket: Socket, place: SocketPlace) {
    this.remoteIp = remoteIpOf(socket);
    this.remoteAddress = peerAddress(socket);
    this.#place = place;
  }

  /** A request waits for us. */
  busy(): void {
    this.#place.stand('busy');
  }

  /** The device of a request proved who it is; unless its body arrived, it waits for that. */
  proved(bodyArrived: boolean): void {
    this.#proved = true;
    if (!bodyArrived) this.#place.stand('idle');
  }

  /** The request is over. */
  over(): void {
    this.#place.stand(this.#proved ? 'idle' : 'silent');
  }
}

/** The network connections that are served. */
export class DeviceSockets {
  readonly #known = new WeakMap<Socket, DeviceSocket>();

  add(socket: Socket, place: SocketPlace): void {
    this.#known.set(socket, new DeviceSocket(socket, place));
  }

  /** @param socket that was added. */
  of(socket: Socket): DeviceSocket {
    const known = this.#known.get(socket);
    if (!known) throw new Error('a request on a socket that is not served');
    return known;
  }
}
