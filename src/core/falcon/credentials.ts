/** What it takes to get an access token of a Falcon tenant. */
import type { Effect, Redacted } from "effect"

export interface FalconCredentials {
  /** The API of the tenant's cloud, or `auto`: start at us-1 and go where Falcon points. `auto` cannot find GovCloud. */
  readonly base_url: string | "auto"
  readonly client_id: string
  /** Read anew for every token, so that a rotated secret file is picked up. Its error's message must hold no secret. */
  readonly client_secret: Effect.Effect<Redacted.Redacted<string>, { readonly message: string }>
  /** Flight Control: locks the token to this child. */
  readonly member_cid?: string | undefined
}
