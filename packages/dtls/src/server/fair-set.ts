/**
 * Items that belong to groups within groups, and which item gives way to others: the oldest one of the group that holds most. The
 * widest groups are compared first. Of groups that hold equally many it is the one that was untouched longest. Every call takes a few
 * steps, however many items there are.
 */
export interface FairSet<T> {
  readonly size: number;
  /** @param groups the widest first: as many for each member. */
  add(item: T, groups: readonly string[]): void;
  delete(item: T): boolean;
  /** From now on it is the newest one. */
  touch(item: T): void;
  /** How many there are within the groups, the widest first. */
  count(groups: readonly string[]): number;
  /** Those of the smallest group, all groups being named, the oldest first. */
  of(groups: readonly string[]): Iterable<T>;
  /** Which one gives way; where groups are named, within these. */
  leastFair(groups?: readonly string[]): T | undefined;
}

/** @param depth how many groups, one within the other, each member belongs to. */
export function createFairSet<T>(depth: number): FairSet<T> {
  return new TreeOfGroups(depth);
}

interface Group<T> {
  size: number;
  /** Of the smallest groups, the oldest first. */
  readonly items: Set<T> | undefined;
  /** Of all others. */
  readonly groups: Map<string, Group<T>> | undefined;
  readonly bySize: Map<number, Set<Group<T>>> | undefined;
  /** The size of the greatest of its groups. */
  greatest: number;
}

class TreeOfGroups<T> implements FairSet<T> {
  readonly #depth: number;
  readonly #root: Group<T>;
  readonly #namesOf = new Map<T, readonly string[]>();

  constructor(depth: number) {
    this.#depth = depth;
    this.#root = createGroup(depth);
  }

  get size(): number {
    return this.#root.size;
  }

  add(item: T, names: readonly string[]): void {
    if (this.#namesOf.has(item)) return;
    this.#namesOf.set(item, names);
    const path = this.#grow(names);
    path.at(-1)?.items?.add(item);
    resize(path, names, 1);
  }

  delete(item: T): boolean {
    const names = this.#namesOf.get(item);
    if (!names) return false;
    this.#namesOf.delete(item);
    const path = this.#pathTo(names);
    path.at(-1)?.items?.delete(item);
    resize(path, names, -1);
    return true;
  }

  touch(item: T): void {
    const names = this.#namesOf.get(item);
    if (!names) return;
    const path = this.#pathTo(names);
    const items = path.at(-1)?.items;
    items?.delete(item);
    items?.add(item);
    resize(path, names, 0);
  }

  count(names: readonly string[]): number {
    return this.#find(names)?.size ?? 0;
  }

  of(names: readonly string[]): Iterable<T> {
    return this.#find(names)?.items ?? [];
  }

  leastFair(names: readonly string[] = []): T | undefined {
    let group = this.#find(names);
    while (group?.bySize) group = first(group.bySize.get(group.greatest));
    return first(group?.items);
  }

  #find(names: readonly string[]): Group<T> | undefined {
    return this.#pathTo(names)[names.length];
  }

  /** From the root down to the named group, as far as there are such. */
  #pathTo(names: readonly string[]): readonly Group<T>[] {
    const path = [this.#root];
    for (const name of names) {
      const next = path.at(-1)?.groups?.get(name);
      if (!next) break;
      path.push(next);
    }
    return path;
  }

  /** The same, where groups that are not there yet are made. */
  #grow(names: readonly string[]): readonly Group<T>[] {
    let group = this.#root;
    const path = [group];
    names.forEach((name, level) => {
      const next: Group<T> = group.groups?.get(name) ?? createGroup<T>(this.#depth - level - 1);
      group.groups?.set(name, next);
      path.push(next);
      group = next;
    });
    return path;
  }
}

function createGroup<T>(depth: number): Group<T> {
  const isSmallest = depth === 0;
  return {
    size: 0,
    items: isSmallest ? new Set() : undefined,
    groups: isSmallest ? undefined : new Map(),
    bySize: isSmallest ? undefined : new Map(),
    greatest: 0,
  };
}

/** Changes the size of each group of a path, and with it the group's place among its equals: the last one. */
function resize<T>(path: readonly Group<T>[], names: readonly string[], by: 1 | 0 | -1): void {
  path.forEach((group, level) => {
    const parent = path[level - 1];
    if (parent) unrank(parent, group);
    group.size += by;
    if (!parent) return;
    if (group.size > 0) rank(parent, group);
    else parent.groups?.delete(names[level - 1] ?? '');
    findGreatest(parent);
  });
}

function rank<T>({ bySize }: Group<T>, group: Group<T>): void {
  const equals = bySize?.get(group.size);
  if (equals) equals.add(group);
  else bySize?.set(group.size, new Set([group]));
}

function unrank<T>({ bySize }: Group<T>, group: Group<T>): void {
  const equals = bySize?.get(group.size);
  equals?.delete(group);
  if (equals?.size === 0) bySize?.delete(group.size);
}

/** Sizes change by one, so the greatest does. */
function findGreatest<T>(parent: Group<T>): void {
  const { bySize } = parent;
  if (bySize?.has(parent.greatest + 1)) parent.greatest++;
  else while (parent.greatest > 0 && !bySize?.has(parent.greatest)) parent.greatest--;
}

function first<T>(items: Set<T> | undefined): T | undefined {
  for (const item of items ?? []) return item;
  return undefined;
}
