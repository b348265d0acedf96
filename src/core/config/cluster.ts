/** The `cluster` block: several processes that share tenants through one PostgreSQL. */
import { z } from "zod"
import { cluster_database } from "../cluster/limits.ts"
import { fromEnv, secret } from "./schema-parts.ts"

export const cluster = z.strictObject({
  database_url: secret(
    "AKONIS_DATABASE_URL",
    "PostgreSQL 14 or newer: `postgres://user:password@host:5432/database`. TLS is used, and the server's certificate verified, unless the " +
      "host is of this machine or the URL says `?sslmode=disable`.",
  ),
  database_ca_file: z
    .string()
    .min(1)
    .optional()
    .describe("Certificate authority of the database, PEM, where the system does not know it."),
  connections_max: z
    .int()
    .min(cluster_database.connections_min)
    .max(cluster_database.connections_allowed_max)
    .default(cluster_database.connections_default)
    .describe("Connections to the database that one process opens at most; one of them holds its shards."),
  runner_host: fromEnv(
    z.string().regex(/^[\w.:-]{1,255}$/, "must be a name or an address, without scheme and port"),
    "AKONIS_RUNNER_HOST",
    "Name or address under which the other processes of the cluster reach this one. No two may have the same host and port.",
  ),
  runner_port: fromEnv(
    z.int().min(1).max(65_535).default(34_431),
    "AKONIS_RUNNER_PORT",
    "Port for the other processes of the cluster. It has no authentication: open it to them only.",
  ),
  runner_listen_host: fromEnv(
    z.string().min(1).optional(),
    "AKONIS_RUNNER_LISTEN_HOST",
    "Address to listen on for them; `runner_host` when left out.",
  ),
})

export type ClusterConfig = z.infer<typeof cluster>
