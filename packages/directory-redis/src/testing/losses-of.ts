/**
 * What an instance was told that costs it connections. That it was not declared dead it is told wherever this machine let it wait for
 * long.
 */
export function lossesOf<Told extends { readonly what: string }>(
  ...members: readonly { readonly told: readonly Told[] }[]
): readonly Told[] {
  return members.flatMap(({ told }) => told.filter(({ what }) => what !== 'alive-again'));
}
