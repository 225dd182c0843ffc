/** The steps of the migration. Released steps never change; a new one is added at the end. */
export const steps: readonly string[] = [
  `
  CREATE TABLE tenants (
    id TEXT COLLATE "C" PRIMARY KEY,
    alias TEXT COLLATE "C" UNIQUE,
    trust_group TEXT,
    content JSONB NOT NULL,
    version TEXT NOT NULL,
    max_devices BIGINT,     -- what the tenant says itself
    max_credentials BIGINT
  );

  CREATE TABLE trusted_cas (
    subject_dn TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subject_dn, tenant)
  );
  CREATE INDEX trusted_cas_of_tenants ON trusted_cas (tenant);

  CREATE TABLE devices (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    content JSONB NOT NULL,
    version TEXT NOT NULL,
    credentials_version TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    auto_provisioned BOOLEAN NOT NULL DEFAULT false,
    provisioning_told BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, id)
  );

  -- Kept with each write: a million devices are not counted for each page of a list.
  CREATE TABLE device_counts (tenant TEXT COLLATE "C" PRIMARY KEY, devices BIGINT NOT NULL);

  CREATE TABLE vias (
    tenant TEXT COLLATE "C" NOT NULL,
    gateway TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, gateway, device)
  );

  CREATE TABLE members (
    tenant TEXT COLLATE "C" NOT NULL,
    gateway_group TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, gateway_group, device)
  );

  CREATE TABLE credentials (
    tenant TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    auth_id TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    position INTEGER NOT NULL, -- in the set of its device
    content JSONB NOT NULL,
    PRIMARY KEY (tenant, type, auth_id)
  );
  CREATE INDEX credentials_of_devices ON credentials (tenant, device, position);
  `,
  `
  -- Changes that are still to be told.
  CREATE TABLE kept_changes (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    change JSONB NOT NULL
  );
  CREATE INDEX kept_changes_in_order ON kept_changes (subject, number);

  -- Which replica tells them, and until when: no row, or one.
  CREATE TABLE change_teller (
    one BOOLEAN PRIMARY KEY CHECK (one),
    name TEXT NOT NULL,
    until TIMESTAMPTZ NOT NULL
  );
  `,
  `
  -- What is to be known of the database itself, e.g. that an import is under way.
  CREATE TABLE notes (name TEXT PRIMARY KEY);
  `,
];
