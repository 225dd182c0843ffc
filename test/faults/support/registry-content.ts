/** What a registry file of a test holds. */
export interface RegistryContent {
  readonly tenants: readonly { readonly 'tenant-id': string; readonly devices: readonly RegistryDevice[] }[];
}

export type Secret = Readonly<Record<string, string>>;

export interface RegistryDevice {
  readonly 'device-id': string;
  readonly enabled?: boolean;
  readonly credentials?: readonly { readonly secrets: readonly Secret[] }[];
}
