/** TLS to the database of a cluster, tried with a PostgreSQL that has a certificate of the tests' own authority. */
import { describe, expect, test } from "bun:test"
import { chmodSync, chownSync, copyFileSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { emptyDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock } from "../../../test/support/effect.ts"
import { has_postgres, no_postgres, postgres } from "../../../test/support/postgres.ts"
import { secretText } from "../config/secret.ts"
import { ask, openDatabase } from "./database.ts"

const pem = (name: string) => fileURLToPath(new URL(`../../../fixtures/tls/${name}.pem`, import.meta.url))

/** How a session is connected, or why there is none. */
const tried = (url: string, ca?: string) =>
  Effect.gen(function* () {
    const config = { database_url: secretText(url), connections_max: 3, runner_host: "a", runner_port: 1 }
    const db = yield* openDatabase({ ...config, ...(ca !== undefined && { database_ca_file: pem(ca) }) }, "test")
    const [row] = yield* ask(db, db.sql<{ ssl: boolean }>`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`)
    return row!.ssl ? "by TLS" : "plainly"
  }).pipe(
    Effect.catchTag("StoreError", ({ message }) => Effect.succeed(message)),
    Effect.scoped,
  )

const sentence = "TLS to the database of a cluster"

describe.skipIf(!has_postgres)(has_postgres ? sentence : `${sentence} ${no_postgres}`, () => {
  test("is used where the server's certificate is of the given authority and for its name, whatever the environment says, and refused in clear words else", () =>
    onRealClock(
      Effect.gen(function* () {
        const plain = yield* emptyDatabase
        const secure = `${plain}?sslmode=require`
        const server = yield* Effect.promise(postgres)
        const data = server.run(plain, "SHOW data_directory")
        const { uid, gid } = statSync(data)
        for (const name of ["cert", "key"]) {
          copyFileSync(pem(name), `${data}/${name}.pem`)
          chownSync(`${data}/${name}.pem`, uid, gid)
          chmodSync(`${data}/${name}.pem`, 0o600)
        }
        const place = new URL(plain).host + new URL(plain).pathname
        const refused = (why: string) => expect.stringContaining(`the database ${place} cannot be used: ${why}`)
        expect(yield* tried(secure, "ca")).toEqual(refused("The server does not support TLS"))
        const set = (settings: Readonly<Record<string, string>>) => {
          for (const [name, value] of Object.entries(settings))
            server.run(plain, `ALTER SYSTEM SET ${name} = '${value}'`)
          server.run(plain, "SELECT pg_reload_conf()")
        }
        // No variable of the environment switches the check off.
        process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"
        set({ ssl_cert_file: "cert.pem", ssl_key_file: "key.pem", ssl: "on" })
        const results = yield* Effect.forEach(
          [
            { url: secure, ca: "ca" },
            { url: secure, ca: "other-ca" },
            { url: secure },
            { url: secure.replace("127.0.0.1", "localhost"), ca: "ca" },
            { url: plain },
          ],
          ({ url, ca }) => tried(url, ca),
        ).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
              set({ ssl: "off" })
            }),
          ),
        )
        const unknown = refused("unable to verify the first certificate; database_ca_file names the authority")
        expect(results).toEqual([
          "by TLS",
          unknown,
          unknown,
          expect.stringContaining("Hostname/IP does not match certificate's altnames"),
          "plainly",
        ])
      }),
    ))
})
