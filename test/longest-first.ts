import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * A sequencer that begins these files first, in this order: a long one that begins last would keep everybody waiting.
 * @param files each the end of a path, without `.test.ts`
 */
export function longestFirst(files: readonly string[]): typeof BaseSequencer {
  const place = ({ moduleId }: TestSpecification): number => {
    const found = files.findIndex((file) => moduleId.endsWith(`/${file}.test.ts`));
    return found === -1 ? files.length : found;
  };
  return class extends BaseSequencer {
    override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
      // oxlint-disable-next-line unicorn/no-array-sort -- it is the sequencer's
      const usual = await super.sort(specifications);
      return usual.toSorted((one, other) => place(one) - place(other));
    }
  };
}
