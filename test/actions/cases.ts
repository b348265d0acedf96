/** For each action: arguments that work, arguments of which half work, and more of them than one call may carry. */
import type { ApiState } from "../../simulator/api/state.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { ShippedAction } from "../../src/plugins/index.ts"
import type { App } from "./app.ts"
import { faultOn, madeUpIds } from "./support.ts"

export type Slug = ShippedAction["slug"]
export type Args = Readonly<Record<string, unknown>>

/** What the tenant has: ids, as an action takes them. */
export interface Known {
  readonly hosts: readonly string[]
  readonly alerts: readonly string[]
  readonly incidents: readonly string[]
  readonly cases: readonly string[]
  readonly behaviors: readonly string[]
  readonly policies: readonly string[]
  /** Policies that can be deleted. */
  readonly disabled: readonly string[]
  /** Those that `prepare` made. */
  readonly indicators: readonly string[]
}

export interface Case {
  /** Options of the simulator, where the action needs a tenant of another kind. */
  readonly simulator?: SimulatorOptions
  /** Makes what the action needs to be there. */
  readonly prepare?: (act: App["act"]) => Promise<unknown>
  /** Arguments of which everything works. */
  readonly good: (known: Known) => Args
  /** What `good` counts; 1 when left out. */
  readonly requested?: number
  /** Whether Falcon is afterwards as the action promised. */
  readonly did?: (state: ApiState, known: Known) => boolean
  /** Falcon answers this call without resources. */
  readonly silent?: true
  /** How many resources are told, where that is not what is counted. */
  readonly resources?: number
  /** Two things, one of which fails; absent where one thing only is done, or things are listed. */
  readonly partial?: {
    readonly prepare?: Case["prepare"]
    readonly args: (known: Known) => Args
    readonly fault?: ReturnType<typeof faultOn>
  }
  /** Two things, both of which fail; absent where `partial` is. */
  readonly none?: {
    readonly args: Args
    /** 404 when left out: ids that Falcon does not know. */
    readonly fails_as?: readonly [status: number, kind: string]
    readonly fault?: ReturnType<typeof faultOn>
  }
  /** One more than a call may carry, and the ids or rows of each call on `path`; absent where no list is given. */
  readonly over?: {
    readonly simulator?: SimulatorOptions
    readonly prepare?: Case["prepare"]
    readonly args: (known: Known) => Args
    readonly sizes: readonly number[]
    readonly path?: string
  }
}

const unknown_id = "f".repeat(32)
const md5 = (n: number) => n.toString(16).padStart(32, "0")
const sha256 = (n: number) => n.toString(16).padStart(64, "0")
const upTo = <A>(count: number, make: (n: number) => A): A[] => Array.from({ length: count }, (_, n) => make(n))

/** So many ids, the first and the last of which are known, so that a call with either of them does something. */
const between = ([first, last]: readonly string[], count: number) => [first!, ...madeUpIds(count - 2), last!]

/** An action on ids, `per_call` of which go into one call. `more`: its other arguments. */
const onIds = (key: keyof Known, per_call: number, more: Args = {}) => ({
  good: (known: Known) => ({ ids: known[key].slice(0, 2), ...more }),
  requested: 2,
  partial: { args: (known: Known) => ({ ids: [known[key][0], unknown_id], ...more }) },
  none: { args: { ids: madeUpIds(2), ...more } },
  over: {
    args: (known: Known) => ({ ids: between(known[key], per_call + 1), ...more }),
    sizes: [per_call, 1],
  },
})

/** Two parts of one case, which is told once. */
const ofOneCase = (good: Case["good"]) => ({ good, requested: 2, resources: 1 })

const contained = (wanted: boolean) => (state: ApiState, known: Known) =>
  known.hosts.slice(0, 2).every((id) => state.hosts[id]?.contained === wanted)
/** Ids of 32 characters that fill a URL. */
const ids_in_url = 351
const row = (n: number, more: Args = {}) => ({
  type: "sha256",
  value: sha256(n),
  action: "detect",
  severity: "high",
  platforms: ["windows"],
  ...more,
})
const makeIndicators = (count: number) => (act: App["act"]) =>
  act("create_indicators", { indicators: upTo(count, row) })

/** Indicators by id: 188 ids of 64 characters fill a URL. */
const onIndicators = {
  ...onIds("indicators", 188),
  prepare: makeIndicators(2),
  over: {
    prepare: makeIndicators(189),
    args: ({ indicators }: Known) => ({ ids: indicators }),
    sizes: [188, 1],
  },
}

const stix = (n: number) => ({
  type: "indicator",
  id: `indicator--00000000-0000-4000-8000-${n.toString().padStart(12, "0")}`,
  pattern_type: "stix",
  pattern: `[file:hashes.MD5 = '${md5(n)}']`,
})
const indicators_path = "/iocs/entities/indicators/v1"

/** The first of two was pushed before: it is changed, which Falcon refuses, and the second one is made. */
const pushing = (slug: Slug) => ({
  good: () => ({ stix_objects: [stix(1)] }),
  partial: {
    prepare: (act: App["act"]) => act(slug, { stix_objects: [stix(0)] }),
    args: () => ({ stix_objects: [stix(0), stix(1)] }),
    fault: faultOn(indicators_path, { status: 400 }),
  },
  none: {
    args: { stix_objects: [stix(0), stix(1)] },
    fault: faultOn(indicators_path, { status: 400 }, { every: 1 }),
    ...refused,
  },
  over: { args: () => ({ stix_objects: upTo(2_001, stix) }), sizes: [2_000, 1], path: indicators_path },
})

const refused = { fails_as: [422, "upstream-rejected"] } as const

const policy_row = (n: number, more: Args = {}) => ({ name: `Phase ${n}`, platform_name: "Linux", ...more })
const unknown_setting = { settings: [{ id: "NoSuchSetting", value: {} }] }

export const cases: Readonly<Record<Slug, Case>> = {
  add_new_comment_to_alert: {
    ...onIds("alerts", 1_000, { comment: "seen" }),
    silent: true,
    did: (state, { alerts }) => alerts.slice(0, 2).every((id) => state.alerts[id]?.comments.length === 1),
  },
  update_alert_status: {
    ...onIds("alerts", 1_000, { new_status: "closed" }),
    silent: true,
    did: (state, { alerts }) => alerts.slice(0, 2).every((id) => state.alerts[id]?.status === "closed"),
  },
  get_alerts_v2: onIds("alerts", 1_000),
  update_alerts: {
    ...onIds("alerts", 1_000, { status: "closed", add_tags: ["true_positive"], comment: "done" }),
    silent: true,
    did: (state, { alerts }) =>
      alerts.slice(0, 2).every((id) => {
        const { status, tags, comments } = state.alerts[id]!
        return status === "closed" && tags.includes("true_positive") && comments.length === 1
      }),
  },
  search_alerts: {
    good: () => ({ filter: "status:'new'", sort: "created_timestamp|desc", limit: 2 }),
    requested: 2,
    over: { simulator: { alerts: 1_001 }, args: () => ({ limit: 1_001 }), sizes: [0, 0] },
  },
  isolate_endpoints: { ...onIds("hosts", 500), did: contained(true) },
  deisolate_endpoints: {
    ...onIds("hosts", 500),
    prepare: async (act) => {
      const { body } = await act("query_devices_by_filter", { limit: 2 })
      return act("isolate_endpoints", { ids: "resources" in body.results ? body.results.resources : [] })
    },
    did: contained(false),
  },
  perform_host_action: {
    ...onIds("hosts", 100, { action_name: "hide_host" }),
    did: (state, { hosts }) => hosts.slice(0, 2).every((id) => state.hosts[id]?.hidden),
  },
  get_device_details: onIds("hosts", 5_000),
  get_online_state: onIds("hosts", 100),
  query_device_login_history: onIds("hosts", 10),
  query_devices_by_filter: {
    good: () => ({ filter: "platform_name:'Windows'", sort: "hostname|asc", limit: 2 }),
    requested: 2,
    over: { simulator: { hosts: 10_001 }, args: () => ({ limit: 10_001 }), sizes: [0, 0] },
  },
  get_hosts_by_name: {
    good: () => ({ names: ["gen-000330", "GEN-000331"] }),
    requested: 2,
    simulator: { hosts: 400 },
    partial: { args: () => ({ names: ["GEN-000330", "no-such-host"] }) },
    none: { args: { names: ["no-such-host", "192.0.2.77"] } },
  },
  tag_hosts: {
    ...onIds("hosts", 5_000, { tags: ["FalconGroupingTags/sekoia"] }),
    did: (state, { hosts }) =>
      hosts.slice(0, 2).every((id) => state.hosts[id]?.tags.includes("FalconGroupingTags/sekoia")),
  },
  untag_hosts: {
    ...onIds("hosts", 5_000, { tags: ["FalconGroupingTags/sekoia"] }),
    prepare: async (act) => {
      const { body } = await act("query_devices_by_filter", { limit: 1_000 })
      const ids = "resources" in body.results ? body.results.resources : []
      return act("tag_hosts", { ids, tags: ["FalconGroupingTags/sekoia"] })
    },
    did: (state, { hosts }) => hosts.slice(0, 2).every((id) => state.hosts[id]?.tags.length === 0),
  },
  lift_filesystem_containment: {
    ...onIds("hosts", 500),
    simulator: { filesystem_contained: 2 },
    did: (state, { hosts }) => hosts.slice(0, 2).every((id) => state.hosts[id]?.filesystem_contained === false),
  },
  search_cases: {
    good: () => ({ filter: "severity:>=40", sort: "severity|asc", limit: 2 }),
    requested: 2,
  },
  get_cases: onIds("cases", 500),
  create_case: {
    good: ({ alerts }) => ({ name: "Phase", severity: 70, tags: ["sekoia"], alert_ids: alerts.slice(0, 2) }),
    did: ({ cases }, { alerts }) =>
      Object.values(cases).some((one) => one.name === "Phase" && Bun.deepEquals(one.alerts, alerts.slice(0, 2))),
  },
  update_case: {
    good: ({ cases }) => ({ id: cases[0], status: "in_progress", severity: 90, expected_version: 1 }),
    did: (state, { cases }) => state.cases[cases[0]!]?.status === "in_progress",
  },
  close_case: {
    good: ({ cases }) => ({ id: cases[0] }),
    did: (state, { cases }) => state.cases[cases[0]!]?.status === "closed",
  },
  add_case_alerts: {
    ...ofOneCase(({ cases, alerts }) => ({ id: cases[0], alert_ids: alerts.slice(0, 2) })),
    did: (state, { cases }) => state.cases[cases[0]!]?.alerts.length === 2,
    partial: { args: ({ cases, alerts }) => ({ id: cases[0], alert_ids: [alerts[0], unknown_id] }) },
  },
  add_case_events: {
    ...ofOneCase(({ cases }) => ({ id: cases[0], event_ids: ["event-1", "event-2"] })),
    did: (state, { cases }) => state.cases[cases[0]!]?.events.length === 2,
  },
  add_case_tags: {
    ...ofOneCase(({ cases }) => ({ id: cases[0], tags: ["sekoia", "vip"] })),
    did: (state, { cases }) => Bun.deepEquals(state.cases[cases[0]!]?.tags, ["first", "sekoia", "vip"]),
  },
  remove_case_tags: {
    ...ofOneCase(({ cases }) => ({ id: cases[0], tags: ["first", "never there"] })),
    did: (state, { cases }) => state.cases[cases[0]!]?.tags.length === 0,
  },
  merge_cases: {
    good: ({ cases }) => ({ destination_id: cases[0], source_id: cases[1] }),
    did: (state, { cases }) => state.cases[cases[1]!]?.merged_into === cases[0],
  },
  get_incidents: onIds("incidents", 500),
  get_behaviors: onIds("behaviors", 500),
  block_ioc: { good: () => ({ value: md5(1), type: "md5" }) },
  monitor_ioc: { good: () => ({ value: "login.example.com", type: "domain" }) },
  push_iocs_for_prevention: pushing("push_iocs_for_prevention"),
  push_iocs_for_detection: pushing("push_iocs_for_detection"),
  create_indicators: {
    good: () => ({ indicators: [row(0), row(1)] }),
    requested: 2,
    partial: { args: () => ({ indicators: [row(0), row(1, { platforms: [] })] }) },
    none: { args: { indicators: [row(0, { platforms: [] }), row(1, { platforms: [] })] }, ...refused },
    over: { args: () => ({ indicators: upTo(2_001, row) }), sizes: [2_000, 1] },
  },
  update_indicators: {
    prepare: makeIndicators(2),
    good: ({ indicators }) => ({ indicators: indicators.slice(0, 2).map((id) => ({ id, severity: "low" })) }),
    requested: 2,
    partial: {
      args: ({ indicators }) => ({ indicators: [indicators[0], unknown_id].map((id) => ({ id, severity: "low" })) }),
    },
    none: { args: { indicators: madeUpIds(2).map((id) => ({ id, severity: "low" })) }, ...refused },
    over: {
      prepare: makeIndicators(2_001),
      args: ({ indicators }) => ({ indicators: indicators.map((id) => ({ id, severity: "low" })) }),
      sizes: [2_000, 1],
    },
  },
  delete_indicators: onIndicators,
  get_indicators: onIndicators,
  get_ioc_actions: {
    good: () => ({ ids: ["prevent", "detect"] }),
    requested: 2,
    partial: { args: () => ({ ids: ["prevent", "nothing"] }) },
    none: { args: { ids: ["nothing", "none"] } },
    over: { args: () => ({ ids: ["prevent", ...upTo(999, (n) => `none-${n}`), "detect"] }), sizes: [1_000, 1] },
  },
  get_indicators_report: { good: () => ({ report_format: "csv", search: { filter: "source:'Sekoia.io'" } }) },
  search_indicators: {
    prepare: makeIndicators(2),
    good: () => ({ filter: "type:'sha256'", sort: "modified_on|desc" }),
    requested: 2,
    over: { prepare: makeIndicators(2_001), args: () => ({ limit: 2_001 }), sizes: [0, 0] },
  },
  get_prevention_policies: onIds("policies", ids_in_url),
  create_prevention_policies: {
    good: () => ({ resources: [policy_row(0), policy_row(1)] }),
    requested: 2,
    did: (state) =>
      ["Phase 0", "Phase 1"].every((own) => Object.values(state.policies).some(({ name }) => name === own)),
    partial: { args: () => ({ resources: [policy_row(0), policy_row(1, unknown_setting)] }) },
    none: { args: { resources: [policy_row(0, unknown_setting), policy_row(1, unknown_setting)] }, ...refused },
    over: { args: () => ({ resources: upTo(101, policy_row) }), sizes: [100, 1] },
  },
  update_prevention_policies: {
    good: ({ policies }) => ({ resources: policies.slice(0, 2).map((id) => ({ id, description: "changed" })) }),
    requested: 2,
    did: (state, { policies }) => policies.slice(0, 2).every((id) => state.policies[id]?.description === "changed"),
    partial: { args: ({ policies }) => ({ resources: [policies[0], unknown_id].map((id) => ({ id, name: "new" })) }) },
    none: { args: { resources: madeUpIds(2).map((id) => ({ id, description: "changed" })) } },
    over: {
      args: ({ policies }) => ({ resources: between(policies, 101).map((id) => ({ id, description: "changed" })) }),
      sizes: [100, 1],
    },
  },
  delete_prevention_policies: {
    ...onIds("disabled", ids_in_url),
    did: (state, { disabled }) => disabled.slice(0, 2).every((id) => state.policies[id] === undefined),
  },
  perform_prevention_policy_action: {
    ...onIds("policies", 1, { action_name: "disable" }),
    did: (state, { policies }) => policies.slice(0, 2).every((id) => state.policies[id]?.enabled === false),
  },
}
