/** Default of how many problems are listed: a file with many devices may have many. */
const maxProblems = 50;

/** What is wrong with a file: the first problems in words, and how many there are. */
export interface ProblemList {
  add(problem: string): void;
  readonly count: number;
  /** The first problems, and how many more there are. */
  list(): readonly string[];
}

export function createProblemList(maxListed = maxProblems): ProblemList {
  const first: string[] = [];
  let count = 0;
  return {
    add(problem) {
      count += 1;
      if (first.length < maxListed) first.push(problem);
    },
    get count() {
      return count;
    },
    list: () => (count > first.length ? [...first, `and ${count - first.length} more`] : first),
  };
}
