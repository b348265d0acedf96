/** The scenarios in full, with the numbers of the contract: `bun run acceptance [name…]`. Ends with one table. */
import { intact } from "./harness.ts"
import { type Asked, compare, type Row, table } from "./report.ts"
import { refusedKey } from "./scenarios/keys.ts"
import { killRepeatedly } from "./scenarios/kills.ts"
import { intakeOutage, type OutageKind } from "./scenarios/outages.ts"
import { poison_kinds, poison_reasons, poisonedStream } from "./scenarios/poison.ts"
import { refusals } from "./scenarios/refusals.ts"
import { stopUnderLoad, stopWhileIntakeHangs } from "./scenarios/stops.ts"
import { pythonCache, tornCache } from "./scenarios/stored-offsets.ts"
import { killInStorm } from "./scenarios/storms.ts"
import { endSessions, troubledStream, troubles } from "./scenarios/streams.ts"
import { twoTenants } from "./scenarios/tenants.ts"

interface Entry {
  readonly name: string
  readonly asked: Asked
  readonly run: () => Promise<object>
  /** Mostly waits, so that others may run at the same time. */
  readonly waits?: boolean
}

const killed = { lost: 0, corrupted: 0, out_of_order: 0, repeated_after_kill_max: { at_most: 2_000 } }
const kill_plan = { partitions: 3, intake_delay_ms: 80 }
const held = { lock: "session", session_interval_s: 15, lock_release_ms: 2_000 } as const

const outages: readonly [OutageKind, Asked][] = [
  ["500", { health: "degraded" }],
  ["429 with Retry-After", { health: "degraded" }],
  ["429", {}],
  ["refused", { health: "degraded" }],
  ["hang", {}],
]
const outage_events = 200_000
const outage_plan = { outage_ms: 60_000, events: outage_events, partitions: 4, session: { session_interval_s: 15 } }
const patient = { ...intact, delivered: outage_events, waiting: { at_least: 150_000 }, listings: 1 }

const stream_plan = { partitions: 3, events: 20_000, lasting_s: 40 }
const whole = { ...intact, delivered: stream_plan.partitions * stream_plan.events }
const reopened = { ...whole, opens: { at_least: stream_plan.partitions + 1 } }
const listed_again = { ...reopened, listings: { at_least: 2 } }

const poison_events = 50_000

const entries: readonly Entry[] = [
  {
    name: "stop under load",
    asked: { ...intact, statuses: "0", slowest_stop_ms: { at_most: 5_000 } },
    run: () => stopUnderLoad({ stops: 10, partitions: 3, events: 200_000, intake_delay_ms: 80 }),
  },
  {
    name: "stop while the intake hangs",
    asked: { ...intact, status: 0, stop_ms: { at_most: 5_000 }, second_signal_ms: { at_most: 1_000 } },
    run: () => stopWhileIntakeHangs(20_000),
  },
  {
    name: "kills",
    asked: { ...killed, kills: 20 },
    run: () => killRepeatedly({ ...kill_plan, kills: 20, events: 500_000, seed: 1 }),
  },
  {
    name: "kills, app id held",
    asked: { ...killed, kills: 5 },
    run: () => killRepeatedly({ ...kill_plan, kills: 5, events: 200_000, seed: 2, lock: held }),
    waits: true,
  },
  {
    name: "kills amid a storm of detections",
    asked: { ...killed, repeated_after_kill_max: { at_most: 10_000 }, kills: 5, without: 0, early: 0, dead_letters: 0 },
    run: () => killInStorm({ kills: 5, events: 6_000, processes: 200, seed: 3 }),
    waits: true,
  },
  ...outages.map(([kind, more]) => ({
    name: `intake outage, ${kind}`,
    asked: {
      ...patient,
      refreshes: { at_least: 8 },
      rss_down_mb: { at_most: 250 },
      rss_max_mb: { at_most: 250 },
      ...more,
    },
    run: () => intakeOutage({ ...outage_plan, kind }),
    waits: true,
  })),
  {
    name: "stream cut within a line",
    asked: reopened,
    run: () => troubledStream({ ...stream_plan, options: troubles.cut(3_000) }),
    waits: true,
  },
  {
    name: "session ends",
    asked: listed_again,
    run: () => troubledStream({ ...stream_plan, options: {}, disturb: endSessions(8, 4_000) }),
    waits: true,
  },
  {
    name: "refresh 404",
    asked: listed_again,
    run: () => troubledStream({ ...stream_plan, options: troubles.refresh_404(8) }),
    waits: true,
  },
  {
    name: "hard session life",
    asked: listed_again,
    run: () => troubledStream({ ...stream_plan, options: troubles.short_life(5) }),
    waits: true,
  },
  {
    name: "listing empty for 30 s",
    asked: { ...whole, listings: { at_least: 3 } },
    run: () => troubledStream({ ...stream_plan, options: troubles.empty_listing(30_000) }),
    waits: true,
  },
  {
    name: "poison",
    asked: {
      ...intact,
      delivered: poison_events - poison_kinds.length,
      dead_letters: poison_kinds.length,
      ...poison_reasons,
      altered: "",
      replayed: 3,
      left: poison_kinds.length - 3,
    },
    run: async () => {
      const seen = await poisonedStream({ events: poison_events, kinds: poison_kinds })
      return { ...seen, ...seen.reasons, replayed: seen.replayed.delivered }
    },
  },
  {
    name: "wrong intake key, then corrected",
    asked: { ...intact, health_status: 503, committed: 0, taken: 0, delivered: 20_000 },
    run: () => refusedKey({ events: 20_000, correct: true }),
    waits: true,
  },
  { name: "torn cache.json", asked: { status: 1, untouched: true }, run: tornCache },
  {
    name: "cache.json of the Python module",
    asked: { ...intact, above: 49_990, below: 0 },
    run: () => pythonCache(50_000),
  },
  { name: "bad input", asked: { mistakes: { at_least: 16 }, handled_badly: "" }, run: badInput },
  {
    name: "two tenants",
    asked: { strangers: 0, acme: 20_000, globex: 20_000, cached: "acme,globex" },
    run: async () => {
      const { strangers, counted, cached } = await twoTenants(20_000)
      return { strangers, ...counted, cached }
    },
  },
]

async function badInput() {
  const all = await refusals()
  const bad = all.filter(
    (one) => one.status !== one.status_asked || one.unsaid.length > 0 || one.messages !== 1 || one.has_stack,
  )
  return { mistakes: all.length, handled_badly: bad.map((one) => one.mistake) }
}

const runOne = async ({ name, asked, run }: Entry): Promise<Row> => {
  const row = await run().then(
    (seen) => compare(name, asked, seen),
    (error: Error) => ({ ...compare(name, asked, {}), seen: error.message, ok: false }),
  )
  process.stderr.write(`${row.ok ? "ok" : "FAILED"}: ${name}\n`)
  return row
}

const wanted = process.argv.slice(2)
const chosen = entries.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
if (chosen.length === 0) {
  process.stderr.write(`no scenario is named so; there are: ${entries.map(({ name }) => name).join(", ")}\n`)
  process.exit(2)
}

// Those that measure time come first and alone; the laboratory limits how many of the others run at once.
const rows = new Map<string, Row>()
for (const entry of chosen.filter(({ waits }) => !waits)) rows.set(entry.name, await runOne(entry))
const waiting = chosen.filter(({ waits }) => waits)
await Promise.all(waiting.map(async (entry) => void rows.set(entry.name, await runOne(entry))))

const ordered = chosen.map(({ name }) => rows.get(name)!)
process.stdout.write(`${table(ordered)}\n`)
process.exit(ordered.every(({ ok }) => ok) ? 0 : 1)
