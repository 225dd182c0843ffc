import type rhea from 'rhea';
import { ReplyLink } from './reply-link.ts';
import { WaitingRoom } from './waiting-room.ts';

interface Entry {
  readonly address: string;
  readonly endpoint: string;
  readonly link: ReplyLink;
}

/** The links on which one client receives answers, each with a unique address. */
export class ReplyLinks {
  readonly #room = new WaitingRoom();
  readonly #byAddress = new Map<string, Entry>();
  readonly #bySender = new Map<rhea.Sender, Entry>();

  add(sender: rhea.Sender, endpoint: string, address: string): void {
    const entry = { address, endpoint, link: new ReplyLink(sender, this.#room) };
    this.#byAddress.set(address, entry);
    this.#bySender.set(sender, entry);
  }

  at(address: string): Entry | undefined {
    return this.#byAddress.get(address);
  }

  of(sender: rhea.Sender): ReplyLink | undefined {
    return this.#bySender.get(sender)?.link;
  }

  ofSession(session: rhea.Session): readonly rhea.Sender[] {
    return [...this.#bySender.keys()].filter((sender) => sender.session === session);
  }

  /** See {@link ReplyLink.forget}. */
  remove(sender: rhea.Sender): boolean {
    const entry = this.#bySender.get(sender);
    if (!entry) return true;
    this.#bySender.delete(sender);
    this.#byAddress.delete(entry.address);
    return entry.link.forget();
  }

  clear(): void {
    this.#byAddress.clear();
    this.#bySender.clear();
  }
}
