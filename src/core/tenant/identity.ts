import { Context } from "effect"

/** The id of the tenant where the configuration names none. */
export const single_tenant = "default"

/** The Falcon customer that the current fibers work for. */
export class Tenant extends Context.Service<
  Tenant,
  {
    /** `single_tenant` when the configuration names none. */
    readonly id: string
    /** The tenant's own folder. */
    readonly data_dir: string
    /** Where actions read STIX files, and nothing else; `data_dir/stix` when left out. */
    readonly stix_dir?: string
  }
>()("akonis/core/Tenant") {}
