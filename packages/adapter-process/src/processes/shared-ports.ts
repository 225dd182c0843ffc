import { createServer, type ListenOptions } from 'node:net';
import type { ListenAddress, PortToBind } from '@rollcall/adapter-kit';

/** What a process is told of a port that it wants to bind. */
export type PortAnswer = PortToBind | { readonly code: string };

/** Binds a port for a moment. Resolves with its number; rejects where it cannot be had. */
type TryToListen = (options: ListenOptions) => Promise<number>;

interface SharedPort {
  readonly answer: Promise<PortAnswer>;
  readonly holders: Set<object>;
}

/** Ports that several processes bind, each of them, so that the kernel spreads connections among them. */
export class SharedPorts {
  readonly #ports = new Map<string, SharedPort>();
  readonly #tryToListen: TryToListen;
  readonly #notSpread: (code: string) => void;

  /** @param notSpread the system does not spread connections: the parent has to accept them. */
  constructor(notSpread: (code: string) => void, tryToListen: TryToListen = listenForAMoment) {
    this.#notSpread = notSpread;
    this.#tryToListen = tryToListen;
  }

  /** @param holder the process that is to bind it. */
  portFor(wanted: ListenAddress, holder: object): Promise<PortAnswer> {
    const key = `${wanted.scheme} ${wanted.host} ${wanted.port}`;
    const known = this.#ports.get(key);
    const shared =
      known && known.holders.size > 0 ? known : { answer: this.#find(wanted), holders: new Set<object>() };
    shared.holders.add(holder);
    this.#ports.set(key, shared);
    return shared.answer;
  }

  /** A process has ended. */
  left(holder: object): void {
    for (const { holders } of this.#ports.values()) holders.delete(holder);
  }

  /**
   * A socket that shares its port would be let in beside those of an adapter that was started by mistake, or before. So a port is first
   * bound by the parent alone, which fails where anybody has it.
   */
  async #find({ host, port: wanted }: ListenAddress): Promise<PortAnswer> {
    let port: number;
    try {
      port = await this.#tryToListen({ host, port: wanted, exclusive: true });
    } catch (error) {
      return { code: codeOf(error) };
    }
    try {
      await this.#tryToListen({ host, port, reusePort: true });
      return { port, reusePort: true };
    } catch (error) {
      const code = codeOf(error);
      // Somebody else was faster.
      if (code === 'EADDRINUSE') return { code };
      this.#notSpread(code);
      return { port: wanted, reusePort: false };
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function listenForAMoment(options: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(options, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
