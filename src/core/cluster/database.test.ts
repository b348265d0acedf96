/** The URL of a cluster's database, before anything is asked of it. */
import { expect, test } from "bun:test"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect } from "effect"
import { secretText } from "../config/secret.ts"
import { openDatabase } from "./database.ts"

const opened = (database_url: string, database_ca_file?: string) =>
  openDatabase(
    {
      ...{ database_url: secretText(database_url), connections_max: 3, runner_host: "a", runner_port: 1 },
      ...(database_ca_file !== undefined && { database_ca_file }),
    },
    "akonis.yaml",
  ).pipe(
    Effect.map(({ place }) => place),
    Effect.catch(({ message }) => Effect.succeed(message)),
    Effect.scoped,
    Effect.provide(NodeFileSystem.layer),
    Effect.runPromise,
  )

test("a password with a percent sign in it that encodes nothing is a password all the same", async () => {
  expect(await opened("postgres://akonis:50%off@127.0.0.1:1/akonis")).toContain("127.0.0.1:1/akonis")
})

test("a file of authorities without one is told before the database is asked", async () => {
  const none = import.meta.path
  expect(await opened("postgres://akonis@127.0.0.1:1/akonis", none)).toBe(`${none} holds no PEM certificate`)
})
