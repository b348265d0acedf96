/**
 * The errors of the core. Each is tagged, each carries a `message` written for the operator who will read it in a log.
 * None ever carries a secret: URLs are stripped of their query, bodies are cut, headers are left out.
 */
import { Data } from "effect"

/** The configuration is wrong or incomplete. Ends the start with exit status 2. */
export class ConfigError extends Data.TaggedError("ConfigError")<{
  /** The file, or `environment`. */
  readonly source: string
  /** Dotted key, for example `plugins.event-stream.intake_key`; empty when the whole file is meant. */
  readonly key: string
  /** What is wrong with the key; further lines are about other keys and begin with them. */
  readonly message: string
}> {
  /** One line for each problem, each with source and key in front, so that none needs another. */
  get lines(): readonly string[] {
    const text = this.key === "" ? this.message : `${this.key}: ${this.message}`
    return text.split("\n").map((line) => `${this.source}: ${line}`)
  }
}

/** Something of `data_dir`, or of the database of a cluster, cannot be read, written or locked; or it is another process' now (`fenced`). `message` says how to recover. */
export class StoreError extends Data.TaggedError("StoreError")<{
  readonly reason: "unreadable" | "unwritable" | "locked" | "fenced"
  readonly path: string
  readonly message: string
}> {}

/**
 * No HTTP response came, or its body broke off.
 * `refused`: the request certainly did not reach the server, so that repeating it is safe for any method.
 */
export class TransportError extends Data.TaggedError("TransportError")<{
  readonly reason: "refused" | "timeout" | "reset" | "too_large"
  readonly host: string
  /** The proxy could not be reached, or opened no tunnel: the host itself was not asked. */
  readonly by_proxy?: boolean
  readonly message: string
}> {}
