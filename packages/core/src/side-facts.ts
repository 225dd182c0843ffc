/** A fact about each of many objects that belong to others. It is kept for as long as its object, and is not copied with it. */
export interface SideFacts<Owner extends object, Fact> {
  get(owner: Owner): Fact | undefined;
  set(owner: Owner, fact: Fact): void;
}

/** What a constructor returns stands for `this`: so a class may give private fields to an object that exists. */
// oxlint-disable-next-line typescript/no-extraneous-class -- its constructor is all that is needed of it
class OnExisting {
  constructor(owner: object) {
    return owner;
  }
}

/**
 * What a WeakMap would be for, for facts about each device or connection. The collection of garbage looks at all entries of its WeakMaps
 * in one turn of the event loop, which takes half a second with a hundred thousand of them. A private field costs it nothing, and is found
 * three times as fast.
 *
 * Its users live as long as the process: a fact stays with its object even if nobody can ask for it any more.
 */
export function createSideFacts<Owner extends object, Fact>(): SideFacts<Owner, Fact> {
  class WithFact extends OnExisting {
    #fact: Fact;

    constructor(owner: object, fact: Fact) {
      super(owner);
      this.#fact = fact;
    }

    static get(owner: object): Fact | undefined {
      return #fact in owner ? owner.#fact : undefined;
    }

    static set(owner: object, fact: Fact): void {
      if (#fact in owner) owner.#fact = fact;
      else new WithFact(owner, fact);
    }
  }
  return WithFact;
}
