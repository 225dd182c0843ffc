/** Whether a string of a filter stands for more than itself. */
export function isWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * Whether a text is of a pattern, in which `*` stands for any number of characters, `?` for exactly one, and all else for itself. It
 * takes at most as many steps as the product of both lengths, whatever the pattern.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern);
  const characters = Array.from(text);
  let at = 0;
  let next = 0;
  // Where the last `*` stands, and how many characters it stood for so far: only that one need ever take more.
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
