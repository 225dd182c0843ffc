/** The name in the table `meta` under which a store keeps the end of the latest connection of a tenant that was dropped. */
export function droppedThroughName(tenant: string): string {
  return `dropped-through ${tenant}`;
}
