import * as z from "zod"
import { world } from "../events/world.ts"

/** Options of the API beside the event streams. */
export const api_options = {
  /** Hosts of the tenant: first those that the events are about, then made up ones. */
  hosts: z.int().nonnegative().max(200_000).default(world.hosts.length),
  /** Further hosts, made up from the seed when somebody looks: none of them is kept in memory. */
  fleet: z.int().nonnegative().max(1_000_000).default(0),
  /** Which hosts of the fleet have no hostname, by their index. */
  fleet_nameless: z.array(z.int().nonnegative()).default([]),
  /** Users of the console. */
  console_users: z.int().nonnegative().max(100_000).default(world.users.length),
  /** Users of the directory that Identity Protection watches. */
  identities: z.int().nonnegative().max(1_000_000).default(world.users.length),
  /** Points of Identity Protection's GraphQL for each minute; an entity costs one. */
  identity_points: z.int().positive().default(500_000),
  alerts: z.int().nonnegative().max(200_000).default(200),
  /** Scopes of the API client, such as `Hosts: Read`. Default: all. A call that needs another is answered with 403. */
  api_scopes: z.array(z.string()).optional(),
  /** What the withdrawn API of incidents answers: 404, 410, or data as it used to. */
  incidents: z.enum(["not_found", "gone", "served"]).default("not_found"),
  /** What the withdrawn API of detections answers: 404, 410, or the processes of a detection as it used to. */
  detections: z.enum(["not_found", "gone", "served"]).default("not_found"),
  /** The detections of the event stream point to so many different processes. Default: each to its own. */
  processes: z.int().positive().optional(),
  /** How long ThreatGraph takes for an answer. */
  threatgraph_delay_ms: z.number().nonnegative().default(0),
  /** So many of the hosts, the first ones, have their file systems contained. */
  filesystem_contained: z.int().nonnegative().default(0),
  /** From the call that contains a host, or lifts its containment, to the host having done so. */
  containment_ms: z.number().nonnegative().default(10_000),
}
