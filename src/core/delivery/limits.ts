/** Bounds of delivery. */

/** What travels from Falcon to the intake. */
export const delivery = {
  /** Events in one intake request. The specification fixes 1000. */
  batch_events_max: 1000,
  /** Request body after JSON escaping. The intake refuses more than 10 MiB; the specification keeps a tenth in reserve. */
  batch_bytes_max: 9_437_184,
  /** How long an event may wait for its batch to fill while the batch before it is in flight. */
  batch_wait_ms_max: 1_000,
  /** Characters (Unicode code points, as Python's `len` counts) in one event. The intake refuses longer ones. */
  event_chars_max: 250_000,
  /** Bytes of one line kept in memory; a longer line goes to the dead letters cut at this size. */
  line_bytes_max: 8 * 1024 * 1024,
  /** Batches waiting behind the one being posted, per partition. More would only move the wait from Falcon's disk to our memory. */
  batches_waiting_max: 1,
  /** Offsets remembered per partition to tell a repeated event from one that came late. */
  recent_offsets_max: 65_536,
  /** Nesting of one event, beyond which it is no JSON for us: nothing that Falcon sends comes near, and the check needs a bound. */
  nesting_max: 1_024,
} as const

/** The buffers of batches, over all tenants of the process (`batch-memory.ts`). */
export const buffers = {
  /**
   * All that are in use together: a busy partition has three, so that six of them fill batches of a thousand events of 3 KB; with more,
   * batches get smaller. Every tenant has an equal part of it, which its partitions share. Who came first may hold more while the others do not
   * need theirs; those have it all the same, so that twice as much is in use at worst. The runtime holds a copy of what is being posted
   * beside it.
   */
  bytes_max: 48 * 1024 * 1024,
  /** However small its part is, a batch may become so large: smaller ones would cost more in posts than they save in memory. */
  batch_bytes_min: 64 * 1024,
} as const

/** Batches that go before they are full, since nothing is in flight. */
export const early_posts = {
  /** From one batch of a partition to the next such one: at most 20 posts a second, however few events come. */
  pause_ms: 50,
  /** Of all partitions of the process together: with more than ten of them the pause of each gets longer, up to `batch_wait_ms_max`. */
  process_per_second_max: 200,
} as const

/** When offsets are stored. */
export const commits = {
  /**
   * From the beginning of one store of a partition's offset to that of the next: batches that end meanwhile share it, as long as they hold no
   * more events than one full batch together. After a crash they come again, and the one in flight; of a partition whose batches lie further
   * apart, only that one.
   */
  wait_ms_max: 100,
  /** A store of a file of offsets is followed by a pause so many times as long: stores take a fifth of the time at most. No pause is longer than the time above. */
  pause_times: 4,
} as const

/** When a destination counts as down, and what is told of it. */
export const outage = {
  /** Failures in a row that health does not report, unless the next try is further away than the time below. */
  silent_failures_max: 1,
  silent_wait_ms_max: 10_000,
  /** A post, or a write to the data folder, that has had no answer for so long degrades health while it still waits: a post may for 30 s. */
  unanswered_ms_max: 10_000,
  /** Events refused alone, none accepted in between, until the intake counts as one that refuses everything. */
  refused_in_row_max: 5,
  /** The most that `refused_in_row_max` is doubled to in a long run of events that the intake does refuse. */
  refused_in_row_most: 1_000,
  /** Events of different places tried without success before one that was delivered is posted again to find out. */
  probes_max: 8,
} as const

/** Enriched events and their source events (`core/delivery/enrichment-queue.ts`), per partition. */
export const enrichment_queue = {
  /** Events that may stay uncommitted behind an unfinished enrichment, and so come again after a crash. */
  events_behind_max: 10_000,
  /** Enrichments at once; the others wait. */
  concurrency_max: 8,
  /** How long a stopping process waits for them once all events are delivered; with `drain_ms_max` below 5 s. */
  drain_ms_max: 1_000,
  /** And for the disk to take the dead letters of those that did not finish: on a full one the events come again instead. */
  record_ms_max: 300,
  /** For one source event that `akonis dead-letters replay` enriches again. */
  replay_ms_max: 120_000,
} as const

/** Records of events that could not be delivered. */
export const dead_letters = {
  /** How long after its day has ended a worker may still write to the file of that day: a record is dated before it is written, and a disk may be slow. */
  written_ms_max: 5 * 60_000,
} as const

/** Types of events that a destination does nothing with, counted by type. */
export const event_types = {
  /** Types with a name of their own in metrics and health; those beyond count as one. Falcon has some dozens. */
  types_max: 50,
  /** Of the name of a type; events of longer ones count as one. The longest that is known has 40. */
  type_bytes_max: 64,
  /** Types that health names. */
  types_named_max: 5,
} as const
