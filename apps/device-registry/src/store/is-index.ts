/** Whether a part of a JSON pointer can be the index of an element (RFC 6901 §4). Longer lists than this allows do not fit into a body. */
export function isIndex(name: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(name);
}
