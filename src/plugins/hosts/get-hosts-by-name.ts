import { isIP } from "node:net"
import { Effect } from "effect"
import { z } from "zod"
import { defineAction, type Outcome, type RowError } from "../../core/actions/action.ts"
import { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { failUnlessWhole } from "../../core/falcon/list-answer.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { splitIds } from "../../core/falcon/split-ids.ts"
import { deviceIdOf, read } from "./device.ts"
import { hosts as bounds } from "./limits.ts"

const name = z
  .string()
  .trim()
  .min(1)
  .max(bounds.name_chars_max)
  .regex(/^[^\p{Cc}*]+$/u, "neither control characters nor * are allowed: names are looked for as they are")

/** The fields by which people tell hosts from each other. */
const found_host = z.object({
  device_id: z.string().describe("The AID."),
  hostname: z.string().nullish(),
  machine_domain: z.string().nullish(),
  local_ip: z.string().nullish(),
  connection_ip: z.string().nullish(),
  platform_name: z.string().nullish(),
  last_seen: z.string().nullish(),
})

const found_name = z.looseObject({
  name: z.string().describe("As it was asked for."),
  device_id: z.string().nullable().describe("The AID of its one host; null where there are several."),
  ambiguous: z.boolean().describe("Several hosts have this name or address."),
  hosts: z.array(found_host).describe("All hosts that have it."),
})

/** What is shown of a host. It exists by its id alone: the other fields are what Falcon says, whatever that is. */
type FoundHost = { readonly [Key in keyof z.output<typeof found_host>]?: unknown } & { readonly device_id: string }

const hostOf = (resource: unknown): FoundHost | undefined => {
  const device_id = deviceIdOf(resource)
  if (device_id === undefined) return undefined
  const shown = Object.entries(resource as object).filter(([key]) => key in found_host.shape)
  return { ...Object.fromEntries(shown), device_id }
}

/** A value in the quotes of FQL, where a backslash escapes a quote. */
const quoted = (values: readonly string[]) =>
  `[${values.map((value) => `'${value.replaceAll(/['\\]/g, "\\$&")}'`).join()}]`

const filterFor = (names: readonly string[]): string => {
  const addresses = names.filter((one) => isIP(one) !== 0)
  const hostnames = names.filter((one) => isIP(one) === 0)
  return [
    ...(hostnames.length === 0 ? [] : [`hostname:${quoted(hostnames)}`]),
    ...(addresses.length === 0 ? [] : [`local_ip:${quoted(addresses)}`, `connection_ip:${quoted(addresses)}`]),
  ].join(",")
}

/** `GET /devices/combined/devices/v1` (falconpy `CombinedDevicesByFilter`): whole hosts by filter. */
const findOperation = (names: readonly string[]): Operation => ({
  name: "hosts.by_name",
  method: "GET",
  path: "/devices/combined/devices/v1",
  query: { filter: filterFor(names) },
  idempotent: true,
  scopes: read,
})

const key = (text: unknown): string => String(text ?? "").toLowerCase()

const find = Effect.fnUntraced(function* (given: readonly string[]): Effect.fn.Return<Outcome, FalconError, Falcon> {
  const falcon = yield* Falcon
  const names = given.filter((one, at) => given.findIndex((other) => key(other) === key(one)) === at)
  const by_name = new Map<string, Map<string, FoundHost>>(names.map((one) => [key(one), new Map()]))
  const trace_ids: string[] = []
  for (const some of splitIds(names, bounds.names_per_call)) {
    const operation = findOperation(some)
    const pages = yield* falcon.pages(operation, { page_size: bounds.found_page })
    yield* failUnlessWhole(operation, pages)
    trace_ids.push(...pages.trace_ids)
    for (const resource of pages.resources) {
      const host = hostOf(resource)
      if (host === undefined) continue
      for (const own of [host.hostname, host.local_ip, host.connection_ip]) {
        by_name.get(key(own))?.set(host.device_id, host)
      }
    }
  }
  return told(names, (one) => [...by_name.get(key(one))!.values()], trace_ids)
})

/** The error of a name that several hosts have: it lists them, since nobody can say which was meant. */
const told = (
  names: readonly string[],
  hostsOf: (name: string) => readonly FoundHost[],
  trace_ids: readonly string[],
): Outcome => {
  const resources: unknown[] = []
  const errors: RowError[] = []
  for (const name of names) {
    const hosts = hostsOf(name)
    const [first, ...others] = hosts
    if (first === undefined) {
      errors.push({ id: name, code: 404, message: "no host has this name or address" })
      continue
    }
    const ambiguous = others.length > 0
    resources.push({ name, device_id: ambiguous ? null : first.device_id, ambiguous, hosts: [...hosts] })
    if (ambiguous) errors.push({ id: name, code: 409, message: severalHave(hosts) })
  }
  const failed = errors.length
  return { resources, errors, trace_ids, requested: names.length, succeeded: names.length - failed, failed }
}

const severalHave = (hosts: readonly FoundHost[]): string => {
  const shown = hosts
    .slice(0, bounds.listed_max)
    .map(({ device_id, last_seen }) => `${device_id} (last seen ${last_seen ?? "never"})`)
  const more = hosts.length > shown.length ? ` and ${hosts.length - shown.length} more` : ""
  return `${hosts.length} hosts have this name or address: ${shown.join(", ")}${more}; choose one by its AID`
}

export const getHostsByName = defineAction({
  slug: "get_hosts_by_name",
  title: "Get hosts by name",
  description:
    "Finds the AIDs of hosts by hostname or by their own IP address, case aside. A name that several hosts have gives all of them, no `device_id`, and an error.",
  arguments: z.strictObject({
    names: z
      .array(name)
      .min(1)
      .max(bounds.names_max)
      .describe("Hostnames as Falcon shows them, or IP addresses of hosts; not the address that a whole site shares."),
  }),
  resource: found_name,
  example: { names: ["WKS-0042", "10.20.30.40"] },
  scopes: read,
  changes: false,
  destructive: false,
  idempotent: true,
  run: ({ names }) => find(names),
})
