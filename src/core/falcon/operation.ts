/** One call of Falcon's API as a value: what to send, and what may be done when it fails. */
export interface Operation {
  /** Short and stable, for messages and metrics: `hosts.contain`. */
  readonly name: string
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  /** Below the base URL, with its leading slash. */
  readonly path: string
  /** Arrays become repeated keys, booleans `true`/`false`; `undefined` is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Whether doing it twice is the same as doing it once. Only then is it repeated after a 5xx, a timeout or a reset. */
  readonly idempotent: boolean
  /** What the API client needs, as the console names it: `Hosts: Write`. */
  readonly scopes: readonly string[]
  /** Of one try, body included; 30 s when not given. */
  readonly timeout_ms?: number
  /** Of its answer, decompressed; `falcon.response_bytes_max` when not given. */
  readonly bytes_max?: number
  /** Absolute, in place of `path`: a URL that Falcon itself gave. Refused when it leaves Falcon's cloud. */
  readonly url?: string
  /** `none`: one try. `bounded`, the default: up to 5 more. */
  readonly retry?: "bounded" | "none"
  /** Set on an API that CrowdStrike has withdrawn. */
  readonly retired?: { readonly since: string; readonly successor: string }
}

/** Whether a call changes something in Falcon, which always takes a scope that ends with `: Write`. */
export const isChange = ({ scopes }: Operation): boolean => scopes.some((scope) => scope.endsWith(": Write"))

/** Whether a call that arrives twice is answered as if it had arrived once. What is deleted already is not found the second time. */
export const isRepeatable = ({ method, idempotent }: Operation): boolean => idempotent && method !== "DELETE"
