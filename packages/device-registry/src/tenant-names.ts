import { tenantLabel } from './formats.ts';
import type { TenantContent } from './schema.ts';

/** A tenant, and where it stands in the file. */
interface Named {
  readonly at: string;
  readonly id: string;
  readonly alias: string | undefined;
}

/** Tenants as devices name them: by id and alias, by the issuer of a certificate, by server name. */
export class TenantNames {
  readonly #byName = new Map<string, Named>();
  readonly #aliased: Named[] = [];
  /** The tenants that trust an authority, by its name: each tenant once, with its place in the list. */
  readonly #trusting = new Map<string, Map<string, Named>>();

  add({ 'tenant-id': id, alias, 'trusted-ca': authorities }: TenantContent, index: number): void {
    const at = `tenants[${index}]`;
    this.#byName.set(id, { at, id, alias });
    if (alias !== undefined) this.#aliased.push({ at, id, alias });
    for (const [a, { subjectDn }] of authorities.entries()) {
      const trusting = this.#trusting.get(subjectDn) ?? new Map<string, Named>();
      if (!trusting.has(id)) trusting.set(id, { at: `${at}.trusted-ca[${a}]`, id, alias });
      this.#trusting.set(subjectDn, trusting);
    }
  }

  /** Once all tenants were added: which names mean two of them. */
  problems(): readonly string[] {
    return [...this.#clashes(), ...this.#indistinct()];
  }

  #clashes(): readonly string[] {
    const problems: string[] = [];
    const owners = new Map(this.#byName);
    for (const each of this.#aliased) {
      const { at, id, alias = '' } = each;
      const owner = owners.get(alias);
      if (owner && owner.id !== id)
        problems.push(`${at}.alias: ${alias} is a name of tenant ${owner.id} already`);
      else owners.set(alias, each);
    }
    return problems;
  }

  /** Of several tenants that trust an authority, a server name must be able to name each. */
  #indistinct(): readonly string[] {
    const problems: string[] = [];
    for (const [subjectDn, trusting] of this.#trusting) {
      if (trusting.size < 2) continue;
      for (const { at, id, alias } of trusting.values()) {
        if (alias !== undefined || tenantLabel.test(id)) continue;
        const other = [...trusting.keys()].find((each) => each !== id) ?? '';
        problems.push(
          `${at}: ${subjectDn} is an authority of tenant ${other} too: a server name must tell them apart, and ${id} needs an alias for it`,
        );
      }
    }
    return problems;
  }
}
