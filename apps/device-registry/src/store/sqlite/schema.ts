/** The steps of the migration. Released steps never change; a new one is added at the end. */
export const steps: readonly string[] = [
  `
  CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    alias TEXT,
    trust_group TEXT,
    content TEXT NOT NULL,
    version TEXT NOT NULL,
    max_devices INTEGER,     -- what the tenant says itself
    max_credentials INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX tenants_by_alias ON tenants (alias) WHERE alias IS NOT NULL;

  CREATE TABLE trusted_cas (
    subject_dn TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (subject_dn, tenant)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX trusted_cas_of_tenants ON trusted_cas (tenant);

  -- By a number: a page far from the first is found in the index alone, which is much smaller than what is stored of each.
  CREATE TABLE devices (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    content TEXT NOT NULL,
    version TEXT NOT NULL,
    credentials_version TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER,
    auto_provisioned INTEGER NOT NULL DEFAULT 0,
    provisioning_told INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX devices_by_id ON devices (tenant, id);

  -- Kept with each write: a million devices are not counted for each page of a list.
  CREATE TABLE device_counts (tenant TEXT PRIMARY KEY, devices INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE vias (
    tenant TEXT NOT NULL,
    gateway TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (tenant, gateway, device)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE members (
    tenant TEXT NOT NULL,
    gateway_group TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (tenant, gateway_group, device)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE credentials (
    tenant TEXT NOT NULL,
    type TEXT NOT NULL,
    auth_id TEXT NOT NULL,
    device TEXT NOT NULL,
    position INTEGER NOT NULL, -- in the set of its device
    content TEXT NOT NULL,
    PRIMARY KEY (tenant, type, auth_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX credentials_of_devices ON credentials (tenant, device, position);
  `,
  `
  -- Changes that are still to be told. A number is never used again.
  CREATE TABLE kept_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    change TEXT NOT NULL
  ) STRICT;
  CREATE INDEX kept_changes_in_order ON kept_changes (subject, number);
  `,
  `
  -- What is to be known of the database itself, e.g. that an import is under way.
  CREATE TABLE notes (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
];
