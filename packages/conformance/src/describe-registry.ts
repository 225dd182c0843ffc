export interface RegistryUnderTest {}
export function describeRegistry(): void {}
