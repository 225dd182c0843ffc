/** Several links that are open together, or not. */
export interface OpenTogether {
  /** The link with this number was opened, or lost. */
  changed(index: number, open: boolean, cause?: string): void;
}

/** Calls `onChange` when all of `count` links have become open, and when the first of them is lost after that. */
export function openTogether(count: number, onChange: (open: boolean, cause?: string) => void): OpenTogether {
  const open = new Set<number>();
  return {
    changed(index, isOpen, cause) {
      const before = open.size === count;
      if (isOpen) open.add(index);
      else open.delete(index);
      if (before !== (open.size === count)) onChange(!before, cause);
    },
  };
}
