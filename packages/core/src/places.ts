import { addressBlocks, type AddressBlocks } from './address-blocks.ts';
import { createCrowds, type Crowd, type Member, type Standing } from './crowds.ts';

export interface PlacesOptions {
  /** Places in all. */
  readonly max: number;
  /**
   * What becomes of a newcomer whose own block holds most, or half as much: it takes the place of the oldest of the block that
   * holds most (default), or gets none, so that blocks of like size do not drive each other out.
   */
  readonly sameBlock?: 'oldest' | 'newcomer';
  /** Whether a single block may hold every place while no other wants one; default: the last few are kept for others. */
  readonly wholeToOne?: boolean;
}

/** A bounded number of places for peers that have proved little, so that a peer that takes many leaves room for others. */
export interface Places<Holder> {
  /**
   * Takes a place. Where none is left, the holder that is worth least gives way: of the silent holders, else of the idle ones, the oldest of
   * the block of addresses that has most of them. Where all are busy, the newest of that block does: those before it are served
   * sooner.
   *
   * @returns who has no place now: the newcomer itself where its own block holds most and holds none that can give way for it.
   */
  take(holder: Holder, address: string, standing?: Standing): Holder | undefined;
  /** The holder is worth more now, or less. Within its standing it becomes the youngest. */
  stand(holder: Holder, standing: Standing): void;
  free(holder: Holder): void;
  readonly size: number;
}

interface Place<Holder> extends Member {
  readonly holder: Holder;
  readonly blocks: AddressBlocks;
}

const standings = ['silent', 'idle', 'busy'] as const satisfies readonly Standing[];
/** One IPv4 address, or IPv6 network of 64 bits, weighs as much as so many places of the wider block do. */
const nearWeight = 16;
/** A sixth of the places is for other addresses, half of these for other wide blocks: a burst behind one NAT fits in the rest. */
const nearShare = 5 / 6;
const wideShare = 11 / 12;

export function createPlaces<Holder>(options: PlacesOptions): Places<Holder> {
  const { max, sameBlock = 'oldest', wholeToOne = false } = options;
  const maxNear = wholeToOne ? Number.POSITIVE_INFINITY : Math.ceil(max * nearShare);
  const maxWide = wholeToOne ? Number.POSITIVE_INFINITY : Math.ceil(max * wideShare);
  const places = new Map<Holder, Place<Holder>>();
  const near = createCrowds<Place<Holder>>();
  const wide = createCrowds<Place<Holder>>();

  function add(place: Place<Holder>): void {
    places.set(place.holder, place);
    near.add(place.blocks.near, place);
    wide.add(place.blocks.wide, place);
  }

  function remove(place: Place<Holder>): void {
    places.delete(place.holder);
    near.remove(place.blocks.near, place);
    wide.remove(place.blocks.wide, place);
  }

  /** How much the block has that is to be compared with this one. */
  function countOf(blocks: AddressBlocks, { block }: Crowd<Place<Holder>>): number {
    return (near.get(block) ? near.get(blocks.near) : wide.get(blocks.wide))?.size ?? 0;
  }

  /** Where a block has more than one may have: the block. */
  function overfull(blocks: AddressBlocks): Crowd<Place<Holder>> | undefined {
    const itsNear = near.get(blocks.near);
    if (itsNear && itsNear.size >= maxNear) return itsNear;
    const itsWide = wide.get(blocks.wide);
    return itsWide && itsWide.size >= maxWide ? itsWide : undefined;
  }

  function fullest(standing: Standing): Crowd<Place<Holder>> | undefined {
    const [ofNear, ofWide] = [near.fullest(standing), wide.fullest(standing)];
    const weight = (ofNear?.members[standing].size ?? 0) * nearWeight;
    return weight >= (ofWide?.members[standing].size ?? 0) ? ofNear : ofWide;
  }

  /** Who gives way in a table that is full; `undefined`: none does. */
  function loserOfAll(blocks: AddressBlocks): Place<Holder> | undefined {
    for (const standing of standings) {
      const crowd = fullest(standing);
      if (!crowd) continue;
      const belongs = crowd.block === blocks.near || crowd.block === blocks.wide;
      if (belongs && (sameBlock === 'newcomer' || standing === 'busy')) return undefined;
      const members = crowd.members[standing];
      if (sameBlock === 'newcomer' && 2 * (countOf(blocks, crowd) + 1) > members.size) return undefined;
      return standing === 'busy' ? members.newest() : members.oldest();
    }
    return undefined;
  }

  function loserOf({ members }: Crowd<Place<Holder>>): Place<Holder> | undefined {
    return sameBlock === 'newcomer' ? undefined : (members.silent.oldest() ?? members.idle.oldest());
  }

  return {
    take(holder, address, standing = 'silent') {
      const blocks = addressBlocks(address);
      const crowd = overfull(blocks);
      if (crowd || places.size >= max) {
        const loser = crowd ? loserOf(crowd) : loserOfAll(blocks);
        if (!loser) return holder;
        remove(loser);
        add({ holder, blocks, standing });
        return loser.holder;
      }
      add({ holder, blocks, standing });
      return undefined;
    },
    stand(holder, standing) {
      const place = places.get(holder);
      if (!place || place.standing === standing) return;
      remove(place);
      place.standing = standing;
      add(place);
    },
    free(holder) {
      const place = places.get(holder);
      if (place) remove(place);
    },
    get size() {
      return places.size;
    },
  };
}
