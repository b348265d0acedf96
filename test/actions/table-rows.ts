/** What each action is asked in the table: arguments that work, that work in part, and too many for one call to Falcon. */
import type { ApiState } from "../../simulator/api/state.ts"
import { type Served, tokens } from "./served.ts"

export type Args = Readonly<Record<string, unknown>>

/** One action. Every function gives fresh arguments, so that an action that creates something can run again. */
export interface TableRow {
  readonly slug: string
  readonly good: () => Args
  /** Some of it works; `undefined` where there is nothing to work in part. */
  readonly partial?: () => Args
  /** More than one call may carry; `undefined` where an action takes no list. */
  readonly over?: () => { readonly args: Args; readonly carried: number }
  /** Why there is no `partial` or no `over`. */
  readonly why?: string
}

const no_part =
  "what cannot be pushed is skipped, which is no failure; a row fails only when somebody else makes the same indicator meanwhile (iocs-push-rows.test.ts)"
const one_thing = "it is about one thing"
const own_policies = "each row needs a policy of its own; its rows travel as those of create_prevention_policies"
const a_search = "it lists what there is"

/** The rows of one running product. */
export const tableRows = async (served: Served): Promise<readonly TableRow[]> => {
  const state = await apiOf(served)
  const hosts = Object.keys(state.hosts)
  const alerts = Object.keys(state.alerts)
  const incidents = Object.values(state.incidents)
  const indicators = await someIndicators(served)
  let fresh = 0
  const next = () => String(fresh++).padStart(6, "0")
  const policy = async () => {
    const made = await served.act("create_prevention_policies", {
      resources: [{ name: `Table ${next()}`, platform_name: "Linux" }],
    })
    return (made.body.results as { resources: { id: string }[] }).resources[0]!.id
  }
  const policies: string[] = []
  for (let n = 0; n < 9; n++) policies.push(await policy())
  const take = (ids: string[]) => ids.pop()!

  /** An action on a list of ids, of which `unknown(n)` makes ones that nobody has. */
  const byIds = (
    slug: string,
    ids: () => string,
    unknown: (n: number) => string,
    per_call: number,
    more: Args = {},
  ): TableRow => ({
    slug,
    good: () => ({ ids: [ids()], ...more }),
    partial: () => ({ ids: [ids(), unknown(0)], ...more }),
    over: () => ({
      args: { ids: [ids(), ...Array.from({ length: 2 * per_call }, (_, n) => unknown(n))], ...more },
      carried: 2 * per_call + 1,
    }),
  })
  const hex = (n: number) => `e${n.toString(16).padStart(31, "0")}`
  const host = () => hosts[0]!
  const alert = () => alerts[0]!
  const no_alert = (n: number) => `${alert().split(":")[0]}:ind:${hex(n)}:1-${n}-1`
  const domain = (n: string) => ({
    type: "domain",
    value: `t${n}.example.org`,
    action: "detect",
    severity: "low",
    platforms: ["windows"],
    applied_globally: true,
  })
  const stix = (n: string) => ({
    type: "indicator",
    id: `indicator--00000000-0000-4000-8000-000000${n}`,
    pattern_type: "stix",
    pattern: `[file:hashes.MD5 = '${hex(Number(n))}']`,
  })
  const push = (slug: string): TableRow => ({
    slug,
    good: () => ({ stix_objects: [stix(next())] }),
    why: no_part,
    over: () => ({ args: { stix_objects: Array.from({ length: 4_001 }, () => stix(next())) }, carried: 4_001 }),
  })
  return [
    byIds("add_new_comment_to_alert", alert, no_alert, 1_000, { comment: "From the table." }),
    byIds("update_alert_status", alert, no_alert, 1_000, { new_status: "in_progress" }),
    byIds("get_alerts_v2", alert, no_alert, 1_000),
    byIds("isolate_endpoints", host, hex, 500),
    byIds("deisolate_endpoints", host, hex, 500),
    byIds("perform_host_action", host, hex, 500, { action_name: "contain" }),
    byIds("get_device_details", host, hex, 5_000),
    byIds("get_online_state", host, hex, 100),
    byIds("query_device_login_history", host, hex, 10),
    { slug: "query_devices_by_filter", good: () => ({ limit: 5 }), why: a_search },
    byIds(
      "get_incidents",
      () => incidents[0]!.incident_id,
      (n) => `inc:${hex(n)}:${hex(n)}`,
      500,
    ),
    byIds(
      "get_behaviors",
      () => incidents[0]!.behavior_id,
      (n) => `ind:${hex(n)}:1-${n}`,
      500,
    ),
    { slug: "block_ioc", good: () => ({ type: "md5", value: hex(fresh++) }), why: one_thing },
    { slug: "monitor_ioc", good: () => ({ type: "domain", value: `m${next()}.example.org` }), why: one_thing },
    push("push_iocs_for_prevention"),
    push("push_iocs_for_detection"),
    { slug: "search_indicators", good: () => ({ limit: 5 }), why: a_search },
    byIds(
      "get_indicators",
      () => indicators[0]!,
      (n) => hex(n).padStart(64, "0"),
      1_000,
    ),
    {
      slug: "create_indicators",
      good: () => ({ indicators: [domain(next())] }),
      partial: () => ({ indicators: [domain(next()), { ...domain(next()), type: "md5", value: "z".repeat(32) }] }),
      over: () => ({ args: { indicators: Array.from({ length: 4_001 }, () => domain(next())) }, carried: 4_001 }),
    },
    {
      slug: "update_indicators",
      good: () => ({ indicators: [{ id: indicators[0], severity: "high" }] }),
      partial: () => ({
        indicators: [
          { id: indicators[0], severity: "high" },
          { id: hex(1).padStart(64, "0"), severity: "low" },
        ],
      }),
      over: () => ({
        args: {
          indicators: [
            { id: indicators[0], severity: "low" },
            ...Array.from({ length: 4_000 }, (_, n) => ({ id: hex(n).padStart(64, "0"), severity: "low" })),
          ],
        },
        carried: 4_001,
      }),
    },
    byIds(
      "delete_indicators",
      () => take(indicators),
      (n) => hex(n).padStart(64, "0"),
      1_000,
    ),
    {
      ...byIds(
        "get_ioc_actions",
        () => "detect",
        (n) => `no_action_${n}`,
        1_000,
      ),
    },
    {
      slug: "get_indicators_report",
      good: () => ({ report_format: "csv", search: { filter: "type:'domain'" } }),
      why: a_search,
    },
    byIds("get_prevention_policies", () => policies[0]!, hex, 500),
    {
      slug: "create_prevention_policies",
      good: () => ({ resources: [{ name: `Made ${next()}`, platform_name: "Windows" }] }),
      partial: () => ({
        resources: [
          { name: `Made ${next()}`, platform_name: "Windows" },
          { name: `Made ${next()}`, platform_name: "Windows", clone_id: hex(1) },
        ],
      }),
      over: () => ({
        args: { resources: Array.from({ length: 1_001 }, () => ({ name: `Made ${next()}`, platform_name: "Mac" })) },
        carried: 1_001,
      }),
    },
    {
      slug: "update_prevention_policies",
      good: () => ({ resources: [{ id: policies[0], description: `Changed ${next()}` }] }),
      partial: () => ({
        resources: [
          { id: policies[0], description: `Changed ${next()}` },
          { id: hex(1), description: "No such" },
        ],
      }),
      why: own_policies,
    },
    byIds("delete_prevention_policies", () => take(policies), hex, 500),
    byIds("perform_prevention_policy_action", () => policies[0]!, hex, 500, { action_name: "disable" }),
  ]
}

/** What the simulated API behind a running product remembers. */
export const apiOf = async ({ simulator }: Served): Promise<ApiState> =>
  (await (await simulator.fetch(new Request("http://falcon.test/_sim/api"))).json()) as ApiState

const someIndicators = async (served: Served): Promise<string[]> => {
  const indicators = Array.from({ length: 8 }, (_, n) => ({
    type: "domain",
    value: `table${n}.example.org`,
    action: "detect",
    severity: "low",
    platforms: ["windows"],
    applied_globally: true,
  }))
  const made = await served.ask<{ results: { resources: { id: string }[] } }>("/actions/create_indicators", {
    method: "POST",
    token: tokens.admin,
    body: { indicators },
  })
  return made.body.results.resources.map(({ id }) => id)
}
