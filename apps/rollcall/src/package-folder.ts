/** The folder of this package, with a slash at its end: above its sources, and above the bundle that is made of them. */
export const packageFolder = new URL('../', import.meta.url);
