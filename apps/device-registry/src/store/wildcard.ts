/** Whether a string of a filter has a wildcard. */
export function isWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * Whether a text matches a pattern, in which `*` stands for any number of characters, and `?` for one. The number of steps is at most
 * the product of both lengths, whatever the pattern.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern);
  const characters = Array.from(text);
  let at = 0;
  let next = 0;
  // The position of the last `*`, and how many characters it has matched so far: only the last one must ever be extended.
  let star = -1;
  let resume = 0;
  while (at < characters.length) {
    if (next < wanted.length && wanted[next] === '*') {
      star = next;
      resume = at;
      next += 1;
    } else if (next < wanted.length && (wanted[next] === '?' || wanted[next] === characters[at])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      resume += 1;
      at = resume;
      next = star + 1;
    } else return false;
  }
  return wanted.slice(next).every((each) => each === '*');
}
