/** The label of what belongs to no tenant that is known to exist. */
export const unknownTenant = 'UNKNOWN';
