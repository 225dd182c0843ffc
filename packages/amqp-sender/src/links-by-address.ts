import type { AmqpConnection } from '@rollcall/amqp-connection';
import type { SenderLink, SenderOptions, TerminusOptions } from '@rollcall/amqp-connection/links';

/** Links open at a time; the one unused for longest is closed for a new one. */
const maxLinks = 1_000;

export interface LinksByAddress {
  /**
   * @param address `undefined`: the link to the anonymous terminus.
   * @param target requirements for the target if the link is opened.
   */
  get(address: string | undefined, target?: TerminusOptions): SenderLink;
  close(): Promise<void>;
}

/** One link per address, opened when first asked for, on one connection. */
export function createLinksByAddress(connection: AmqpConnection, options: SenderOptions): LinksByAddress {
  const links = new Map<string | undefined, SenderLink>();
  /** The last one in `links`: most often the one asked for again. */
  let latest: { readonly address: string | undefined; readonly link: SenderLink } | undefined;
  return {
    get(address, target) {
      if (latest && latest.address === address) return latest.link;
      let link = links.get(address);
      // Removed and added again: the order of the Map is then that of use.
      if (link) links.delete(address);
      else link = connection.openSender(address, { ...options, ...(target && { target }) });
      links.set(address, link);
      latest = { address, link };
      if (links.size > maxLinks) {
        const [oldest] = links;
        if (oldest) {
          links.delete(oldest[0]);
          void oldest[1].close();
        }
      }
      return link;
    },
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
      links.clear();
      latest = undefined;
    },
  };
}
