/**
 * What one simulation is made of, as plain data: a workload and a schedule of faults. All of it can be saved, cut down and
 * run again; a scenario gives the same run every time.
 */

export type Poison =
  | "malformed"
  | "truncated"
  | "not_object"
  | "invalid_utf8"
  | "no_offset"
  | "too_many_chars"
  | "line_too_long"
  | "refused_400"
  | "refused_422"
  | "refused_413"

export interface PartitionPlan {
  /** Events that are there from the start. */
  readonly backlog: number
  /** Events that come afterwards, and how many of them a minute. */
  readonly later: number
  readonly per_minute: number
  /** Share of the lines that cannot be delivered, and in which ways. */
  readonly poison_share: number
  readonly poison: readonly Poison[]
  /** So many events in a row that the intake refuses, beginning at a position. */
  readonly run?: {
    readonly from: number
    readonly length: number
    readonly poison: "refused_400" | "refused_422" | "refused_413"
  }
  /** Events that come right after the one that follows them. */
  readonly late_share: number
  /** Longest filling of an event in characters. */
  readonly filling_max: number
  /** Offsets are written as text. */
  readonly text_offsets?: boolean
}

/** How a 429 says when to come back. `dated`: as a point in time by a clock an hour behind ours, which the answer's `Date` tells. */
export type RetryForm = "none" | "seconds" | "date" | "epoch" | "both" | "nonsense" | "dated"

/** What is known around detections. With it, the enrichment runs. */
export interface GraphPlan {
  /** Detections of one partition at most, and their share of its events. */
  readonly detections_max: number
  readonly detection_share: number
  /** Detections that Falcon does not know. */
  readonly unknown_share: number
  /** Whether the withdrawn detections API is still there. */
  readonly old_detections: "served" | "gone"
  /** Edge types, of six at most; the processes that detections point to; edges of a type at a process at most, and on a page. */
  readonly edge_types: number
  readonly processes: number
  readonly edges_max: number
  readonly page_max: number
}

/** The hosts of Falcon. With it, the inventory of hosts runs. */
export interface FleetPlan {
  readonly hosts: number
  /** Changes of hosts at most, drawn over this time from the start. */
  readonly changes_max: number
  readonly for_ms: number
  /** Assets in one request to Sekoia; hosts on one page. */
  readonly batch_size: number
  readonly page_max: number
  /** Half of the changes show up in listings only this much later, or sooner. */
  readonly late_ms_max?: number
  /** How long the task takes that Sekoia makes of every push; without it a push is taken at once, until a fault makes a task. */
  readonly task_ms?: number
}

/** Where the enrichment asks. */
export const graph_places = ["alerts", "detections", "edge_types", "edges", "vertices"] as const
export type GraphPlace = (typeof graph_places)[number]

/** Where the stream asks. */
export type StreamPlace = "token" | "list" | "open" | "refresh" | "intake"
/** Where the inventory asks Falcon, and where it posts to. */
const host_places = ["hosts", "host_ids", "host_details", "host_groups"] as const
export type HostPlace = (typeof host_places)[number]
export const fleet_places = [...host_places, "assets"] as const

export type RequestPlace = StreamPlace | GraphPlace | HostPlace | "assets" | "tasks"

export const isGraphPlace = (place: string): place is GraphPlace => graph_places.includes(place as GraphPlace)
export const isHostPlace = (place: string): place is HostPlace => host_places.includes(place as HostPlace)

export type RequestDeed =
  /** Answered in place of the server. */
  | {
      readonly kind: "status"
      readonly status: number
      readonly form?: RetryForm
      readonly wait_s?: number
      readonly body?: string
    }
  /** No answer ever. */
  | { readonly kind: "hang" }
  /** Does not reach the server. */
  | { readonly kind: "refused" | "reset" }
  /** Done, but the answer is lost, late, or an error. */
  | { readonly kind: "answer_lost" }
  | { readonly kind: "answer_late"; readonly by_ms: number }
  | { readonly kind: "done_but"; readonly status: number }
  /** 200 with something that is no answer. */
  | { readonly kind: "garbage" }
  | { readonly kind: "answer"; readonly body: string }
  /** `list`: the entry of the struck partition cannot be used as it is. */
  | { readonly kind: "bad_entry"; readonly lacks: "token" | "refresh_url" | "interval" }
  /** `list`: none at all, or without the struck partition. */
  | { readonly kind: "empty" | "omit" }
  /** 200 with an envelope that holds no list, or an empty one. */
  | { readonly kind: "nothing"; readonly body: string }
  /** `assets`: answered with a task that fails, or never ends. */
  | { readonly kind: "task_fails" | "task_hangs" }
  /** `token`: to another host of the same site. */
  | { readonly kind: "redirect"; readonly status: number }

export type StreamDeed =
  | { readonly kind: "cut" | "end" | "reset" | "session_end" }
  /** A whole event without a line end, then the end. */
  | { readonly kind: "whole_end" }
  /** Nothing more comes over this connection, not even its end. */
  | { readonly kind: "stall" }
  /** No event while the window is open. */
  | { readonly kind: "keepalive_only" }
  | { readonly kind: "repeat"; readonly events: number }
  /** Falcon forgets what it holds, and counts what comes from now on from the beginning again. */
  | { readonly kind: "anew" }

/** Everything counts from the start of the run; a window is open from `at_ms` for `for_ms`. */
export type Fault =
  | {
      readonly on: RequestPlace
      readonly at_ms: number
      readonly for_ms: number
      /** Strikes so many times at most. */
      readonly count: number
      /** Requests within the window that it lets pass before it strikes. */
      readonly after?: number
      readonly partition?: number
      readonly do: RequestDeed
    }
  | {
      readonly on: "stream"
      readonly at_ms: number
      readonly for_ms: number
      readonly partition: number
      readonly do: StreamDeed
    }
  /** The process dies `steps` calls of disk or network after `at_ms`; with `power`, the disk forgets what was not synced. */
  | {
      readonly on: "kill"
      readonly at_ms: number
      readonly steps: number
      readonly power: boolean
      readonly down_ms: number
    }
  /** SIGTERM. */
  | { readonly on: "stop"; readonly at_ms: number; readonly down_ms: number }
  /** A second process on the same data folder. */
  | { readonly on: "second_process"; readonly at_ms: number }
  | {
      readonly on: "disk"
      readonly at_ms: number
      readonly for_ms: number
      readonly reason: "Unknown" | "PermissionDenied"
    }
  /** The wall clock jumps; time itself does not. */
  | { readonly on: "clock"; readonly at_ms: number; readonly by_ms: number }

export interface Scenario {
  /** Where the events go; to the intake when left out. */
  readonly destination?: "ndjson"
  readonly seed: number
  /** How long the disk takes for a sync, during which everything else goes on; absent: no time. */
  readonly disk_sync_ms?: number
  readonly partitions: readonly PartitionPlan[]
  readonly resume: "inclusive" | "exclusive"
  /** What holds an app id: a live stream, or already the session that a listing made. */
  readonly lock: "stream" | "session"
  readonly session_interval_s: number
  readonly session_life_s: number
  readonly token_life_s: number
  readonly keepalive_ms: number
  readonly chunk_bytes_max: number
  readonly latency_ms_max: number
  readonly batch_events_max: number
  readonly batch_wait_ms_max: number
  readonly faults: readonly Fault[]
  readonly graph?: GraphPlan
  readonly fleet?: FleetPlan
}

/**
 * Whether health can tell that offsets began anew: not where events come late, and not where Falcon repeats everything, since both
 * make a connection begin below the offset that it was opened at.
 */
export const tellsAnew = ({ partitions, faults }: Scenario): boolean =>
  partitions.every(({ late_share }) => late_share === 0) &&
  !faults.some((fault) => fault.on === "stream" && fault.do.kind === "repeat")

/** How long a fault lasts that is never over. */
export const for_good_ms = 1_000_000_000_000

export const lasts = (fault: Fault): boolean => "for_ms" in fault && fault.for_ms === for_good_ms

export const endOf = (fault: Fault): number => fault.at_ms + ("for_ms" in fault ? fault.for_ms : 0)
