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
  return new BoundedPlaces(options);
}

class BoundedPlaces<Holder> implements Places<Holder> {
  readonly #max: number;
  readonly #sameBlock: NonNullable<PlacesOptions['sameBlock']>;
  readonly #maxNear: number;
  readonly #maxWide: number;
  readonly #places = new Map<Holder, Place<Holder>>();
  readonly #near = createCrowds<Place<Holder>>();
  readonly #wide = createCrowds<Place<Holder>>();

  constructor({ max, sameBlock = 'oldest', wholeToOne = false }: PlacesOptions) {
    this.#max = max;
    this.#sameBlock = sameBlock;
    this.#maxNear = wholeToOne ? Number.POSITIVE_INFINITY : Math.ceil(max * nearShare);
    this.#maxWide = wholeToOne ? Number.POSITIVE_INFINITY : Math.ceil(max * wideShare);
  }

  get size(): number {
    return this.#places.size;
  }

  take(holder: Holder, address: string, standing: Standing = 'silent'): Holder | undefined {
    const blocks = addressBlocks(address);
    const crowd = this.#overfull(blocks);
    if (crowd || this.#places.size >= this.#max) {
      const loser = crowd ? this.#loserOf(crowd) : this.#loserOfAll(blocks);
      if (!loser) return holder;
      this.#remove(loser);
      this.#add({ holder, blocks, standing });
      return loser.holder;
    }
    this.#add({ holder, blocks, standing });
    return undefined;
  }

  stand(holder: Holder, standing: Standing): void {
    const place = this.#places.get(holder);
    if (!place || place.standing === standing) return;
    // Not left and joined: a device that is alone at its address would have its crowds made again with each request.
    this.#near.move(place.blocks.near, place, standing);
    this.#wide.move(place.blocks.wide, place, standing);
    place.standing = standing;
  }

  free(holder: Holder): void {
    const place = this.#places.get(holder);
    if (place) this.#remove(place);
  }

  #add(place: Place<Holder>): void {
    this.#places.set(place.holder, place);
    this.#joinCrowds(place);
  }

  #joinCrowds(place: Place<Holder>): void {
    this.#near.add(place.blocks.near, place);
    this.#wide.add(place.blocks.wide, place);
  }

  #remove(place: Place<Holder>): void {
    this.#places.delete(place.holder);
    this.#leaveCrowds(place);
  }

  #leaveCrowds(place: Place<Holder>): void {
    this.#near.remove(place.blocks.near, place);
    this.#wide.remove(place.blocks.wide, place);
  }

  /** How much the block has that is to be compared with this one. */
  #countOf(blocks: AddressBlocks, { block }: Crowd<Place<Holder>>): number {
    const crowd = this.#near.get(block) ? this.#near.get(blocks.near) : this.#wide.get(blocks.wide);
    return crowd?.size ?? 0;
  }

  /** Where a block has more than one may have: the block. */
  #overfull(blocks: AddressBlocks): Crowd<Place<Holder>> | undefined {
    const near = this.#near.get(blocks.near);
    if (near && near.size >= this.#maxNear) return near;
    const wide = this.#wide.get(blocks.wide);
    return wide && wide.size >= this.#maxWide ? wide : undefined;
  }

  #fullest(standing: Standing): Crowd<Place<Holder>> | undefined {
    const [near, wide] = [this.#near.fullest(standing), this.#wide.fullest(standing)];
    const weight = (near?.members[standing].size ?? 0) * nearWeight;
    return weight >= (wide?.members[standing].size ?? 0) ? near : wide;
  }

  /** Who gives way in a table that is full; `undefined`: none does. */
  #loserOfAll(blocks: AddressBlocks): Place<Holder> | undefined {
    for (const standing of standings) {
      const crowd = this.#fullest(standing);
      if (!crowd) continue;
      const belongs = crowd.block === blocks.near || crowd.block === blocks.wide;
      if (belongs && (this.#sameBlock === 'newcomer' || standing === 'busy')) return undefined;
      const members = crowd.members[standing];
      if (this.#sameBlock === 'newcomer' && 2 * (this.#countOf(blocks, crowd) + 1) > members.size)
        return undefined;
      return standing === 'busy' ? members.newest() : members.oldest();
    }
    return undefined;
  }

  #loserOf({ members }: Crowd<Place<Holder>>): Place<Holder> | undefined {
    return this.#sameBlock === 'newcomer' ? undefined : (members.silent.oldest() ?? members.idle.oldest());
  }
}
