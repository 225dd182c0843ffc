/** What a command is about: a tenant, or one of its devices. */
export interface Named {
  readonly tenant: string;
  readonly device?: string;
}

/** `TENANT`, or `TENANT/DEVICE`: no tenant has a slash in its id. `undefined`: it names nothing. */
export function parseNamed(text: string): Named | undefined {
  const slash = text.indexOf('/');
  if (slash === -1) return text === '' ? undefined : { tenant: text };
  const [tenant, device] = [text.slice(0, slash), text.slice(slash + 1)];
  return tenant === '' || device === '' ? undefined : { tenant, device };
}

export function nameOf({ tenant, device }: Named): string {
  return device === undefined ? tenant : `${tenant}/${device}`;
}
