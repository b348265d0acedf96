/** What a documented fact about one call of Falcon's API consists of. */

/** A parameter, or a key of a body. */
export interface Parameter {
  readonly required?: boolean
  readonly type: "string" | "integer" | "boolean" | "array" | "object"
  readonly enum?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** Keys of each entry of an array of objects. */
  readonly items?: Readonly<Record<string, Parameter>>
}

/** One call. */
export interface Fact {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: string
  /** As the console names it. */
  readonly scope: string
  /** The status of success. */
  readonly success: number
  readonly query: Readonly<Record<string, Parameter>>
  readonly body?: Readonly<Record<string, Parameter>>
  /** The list that is limited, and what more than `max` entries are answered with. */
  readonly list?: {
    readonly in: "query" | "body"
    readonly key: string
    readonly max?: number
    readonly over?: 400 | 413
    /** A call without it is not refused for that. */
    readonly optional?: true
  }
}
