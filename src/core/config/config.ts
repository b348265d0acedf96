/** What a configuration is once it has been loaded, and what it is loaded from. */
import type { AnyPlugin } from "../plugin.ts"
import type { LoadOutside } from "./outside.ts"
import type { ParsedPlugins, Uses } from "./plugins.ts"
import type { Env } from "./read.ts"
import type { Credentials, General } from "./schema.ts"

export interface TenantConfig extends ParsedPlugins {
  /** `default` where the configuration lists none. Metrics label; where there are several, the name of its folder in the data folder. */
  readonly id: string
  readonly data_dir: string
  /** See `Tenant`. */
  readonly stix_dir?: string
  readonly credentials: Credentials
}

/** A child that is not started. */
export interface UnreadyChild {
  readonly cid: string
  /** Its id as a tenant, and the name that Falcon knows. */
  readonly name: string
  readonly why: string
}

/** What the configuration says about the parent. */
export interface FlightControl {
  readonly credentials: Credentials
  readonly unready: readonly UnreadyChild[]
  /** Tenants that the configuration names and that the process has not noted as children: their ids by customer id. */
  readonly unlisted: ReadonlyMap<string, string>
}

export interface Config extends General {
  /** Where it came from: the file's path, or `environment`. */
  readonly source: string
  /** With `tenants_from`: the children that are known, as far as they can be started; they may be none, and others come and go. */
  readonly tenants: readonly TenantConfig[]
  /** What `tenants_from: flight-control` says. */
  readonly flight_control?: FlightControl
}

export interface ConfigInput {
  /** From `--config`. */
  readonly file?: string | undefined
  /** In place of a file: keys and values as a file would hold them. `source` is named in errors. */
  readonly given?: { readonly source: string; readonly tree: Readonly<Record<string, unknown>> }
  readonly env: Env
  /** Everything that ships; the file says which of them are on. */
  readonly plugins: readonly AnyPlugin[]
  /** What is used of it; everything when left out. */
  readonly uses?: Uses
  /** Loads what `plugins.load` names; refused where this is not given. */
  readonly loadOutside?: LoadOutside
}
