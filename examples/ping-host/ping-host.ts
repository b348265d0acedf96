/** Tells whether the hosts of a name answer: one action, which looks up the hosts and then asks which of them are online. */
import { callInBulk, defineAction, definePlugin, Falcon, outcomeOfList } from "akonis/plugin"
import { Effect } from "effect"
import { z } from "zod"

const config = z.strictObject({
  hosts_max: z.int().min(1).max(100).default(10).describe("Most hosts that one call asks about."),
})

/** What an answer holds. Falcon may add fields: `looseObject`. */
const online_state = z.looseObject({
  id: z.string().describe("The id of the host."),
  state: z.string().nullish().describe("online, offline or unknown."),
  last_seen: z.string().nullish(),
})

const pingHost = defineAction({
  slug: "ping_host",
  title: "Ping Host",
  description: "Tells whether the hosts of this name are online.",
  arguments: z.strictObject({
    hostname: z
      .string()
      .regex(/^[\w.-]{1,255}$/, "must be a name of a host")
      .describe("The name of the host, in any case."),
  }),
  resource: online_state,
  example: { hostname: "wks-0001" },
  scopes: ["Hosts: Read"],
  changes: false,
  destructive: false,
  idempotent: true,
  run: (
    { hostname },
    { config: { hosts_max }, scopes }: { config: z.output<typeof config>; scopes: readonly string[] },
  ) =>
    Effect.gen(function* () {
      const falcon = yield* Falcon
      const found = yield* falcon.pages(
        {
          name: "ping_host.find",
          method: "GET",
          path: "/devices/queries/devices/v1",
          query: { filter: `hostname:'${hostname}'` },
          idempotent: true,
          scopes,
        },
        { limit: hosts_max, page_size: hosts_max },
      )
      const ids = found.resources.filter((id) => typeof id === "string")
      if (ids.length === 0) return outcomeOfList([], found.errors, found.trace_ids)
      return yield* callInBulk({
        ids,
        per_call: 100,
        in_query: true,
        idOf: (resource) => online_state.safeParse(resource).data?.id,
        operation: (some) => ({
          name: "ping_host.state",
          method: "GET",
          path: "/devices/entities/online-state/v1",
          query: { ids: some },
          idempotent: true,
          scopes,
        }),
      })
    }),
})

export default definePlugin({
  api: 1,
  id: "ping-host",
  title: "Tells whether hosts are online.",
  config,
  actions: [pingHost],
})
