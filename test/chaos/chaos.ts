/**
 * `bun run chaos [--minutes M] [--seed S] [--partitions N]`: a worker and a simulator as real processes, disturbed in every way that the
 * machine allows, one or two at a time, as a seed draws it. Ends with the books; status 1 when an event is lost, comes more
 * often than the contract allows, or out of order.
 */
import { parseArgs } from "node:util"
import type { Account } from "../../simulator/account.ts"
import { Random } from "../../simulator/events/random.ts"
import { delivery } from "../../src/core/delivery/limits.ts"
import { endWith } from "../process/child.ts"
import { withLab } from "../process/harness.ts"
import { until } from "../process/waiting.ts"
import { fault_kinds, type Strike } from "./faults.ts"
import { enterNamespace, unmount } from "./machine.ts"
import { deadLettersIn, locate, type Whereabouts, wrongs } from "./oracle.ts"
import { makeRig, type Rig, tenantOf } from "./rig.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string" },
    partitions: { type: "string", default: "4" },
  },
})
const minutes = Number(values.minutes)
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const partitions = Number(values.partitions)
if (!(minutes > 0) || !Number.isSafeInteger(seed) || seed < 0 || !Number.isSafeInteger(partitions) || partitions < 1) {
  process.stderr.write("chaos [--minutes M] [--seed S] [--partitions N]\n")
  process.exit(2)
}
enterNamespace()

/** Time for delivery to go on after a fault: waits between tries grow to a minute. */
const recovery_ms_max = 200_000
const closing_ms_max = 400_000
/** Between two looks at the books, which cost the simulator the more the more partitions there are. */
const look_ms = Math.max(100, 5 * partitions)

const say = (text: string) => void process.stdout.write(`${text}\n`)

interface Report {
  readonly account: Account
  readonly where: Whereabouts
  readonly struck: ReadonlyMap<string, number>
  readonly repeats_max: number
  readonly exits: Rig["exits"]
  readonly damaged: number
  readonly wrong: readonly string[]
}

const run = (): Promise<Report> =>
  withLab(
    async (lab) => {
      const settings = tenantOf(seed, minutes, partitions, Date.now())
      const rig = await makeRig(lab, settings)
      try {
        return await disturb(rig)
      } finally {
        await endWith(rig.worker().child, "SIGKILL")
        unmount(rig.disk_folder)
      }
    },
    minutes * 60_000 + 2 * closing_ms_max,
  )

const disturb = async (rig: Rig): Promise<Report> => {
  const random = new Random(seed)
  const possible = fault_kinds.filter(({ kind, skipped }) => {
    const why = skipped?.(rig)
    if (why !== undefined) say(`skip: ${kind}: ${why}`)
    return why === undefined
  })
  const next = makeDeck(possible, random)
  const struck = new Map<string, number>()
  const wrong: string[] = []
  let batches_max = 0
  await progressed(rig)
  const began_ms = performance.now()
  const seconds = () => Math.round((performance.now() - began_ms) / 1_000)
  while (performance.now() - began_ms < minutes * 60_000) {
    const strikes = drawSome(rig, random, next)
    for (const { kind, repeats_max } of strikes) {
      struck.set(kind, (struck.get(kind) ?? 0) + 1)
      batches_max += repeats_max
    }
    const at_s = seconds()
    await Promise.all(strikes.map(({ run }) => run()))
    const account = await progressed(rig)
    wrong.push(...tooOften(account, batches_max))
    const { delivered, available, repeated } = account.total
    const what = strikes.map(({ kind }) => kind).join(" and ")
    say(
      `${String(at_s).padStart(5)} s  ${what}: over after ${seconds() - at_s} s; ${delivered} of ${available} delivered, ${repeated} repeated`,
    )
    await Bun.sleep(random.int(0, 1_500))
  }
  say(`${String(seconds()).padStart(5)} s  no more faults; everything has to arrive`)
  const { account, where } = await everythingAccountedFor(rig)
  const { status } = await endWith(rig.worker().child, "SIGTERM")
  rig.noteExit(status)
  if (status !== 0) wrong.push(`the worker ended with status ${status} after SIGTERM`)
  return {
    account,
    where,
    struck,
    repeats_max: batches_max * delivery.batch_events_max,
    exits: rig.exits,
    damaged: rig.falcon.damaged() + rig.intake.damaged(),
    wrong: wrongs(account, where, [...new Set(wrong)]),
  }
}

/** Draws kinds as from a deck of cards: every one has its turn before one comes again. */
const makeDeck = (kinds: typeof fault_kinds, random: Random) => {
  let cards: (typeof kinds)[number][] = []
  return () => {
    if (cards.length === 0) cards = [...kinds]
    return cards.splice(random.int(0, cards.length - 1), 1)[0]!
  }
}

/** One fault, or two of different kinds. */
const drawSome = (rig: Rig, random: Random, next: ReturnType<typeof makeDeck>): Strike[] => {
  const kinds = new Set(Array.from({ length: random.int(1, 2) }, next))
  return [...kinds].map(({ kind, draw }) => ({ kind, ...draw(rig, random) }))
}

/**
 * Waits until every partition has delivered something new, which is when what was in flight before has been sorted out. A
 * partition that has no more events to come can deliver nothing new when the rest of it stands in dead letters (its bytes were
 * damaged on the way): the books at the end look for those.
 */
const progressed = async (rig: Rig): Promise<Account> => {
  const before = await rig.simulated.account()
  const { events_max = Number.POSITIVE_INFINITY } = rig.settings
  return until(
    "progress on every partition",
    async () => {
      if (!rig.worker().child.isRunning()) {
        const status = await rig.worker().child.ended
        throw new Error(`the worker ended by itself with status ${status}`)
      }
      const now = await rig.simulated.account()
      const moves = Object.entries(now.partitions).every(
        ([name, { available, delivered, undelivered }]) =>
          undelivered.events === 0 || delivered > (before.partitions[name]?.delivered ?? 0) || available >= events_max,
      )
      return moves ? now : undefined
    },
    recovery_ms_max,
    look_ms,
  )
}

const tooOften = ({ partitions }: Account, batches_max: number): string[] =>
  Object.entries(partitions)
    .filter(([, { repeated }]) => repeated > batches_max * delivery.batch_events_max)
    .map(
      ([name]) =>
        `partition ${name} repeated more than the ${batches_max} batches that were in flight when faults struck`,
    )

/** Waits until no event is left to come and none is anywhere but with the intake or in a dead letter. */
const everythingAccountedFor = async (rig: Rig): Promise<{ account: Account; where: Whereabouts }> => {
  const { events_max = 0, partitions = 1 } = rig.settings
  const all = async () =>
    (await rig.simulated.account()).total.available === events_max * partitions ? true : undefined
  await until("the last event", all, closing_ms_max, 200)
  const look = async () => ({
    account: await rig.simulated.account(),
    where: locate(rig.settings, await rig.simulated.undelivered(), deadLettersIn(rig.data_dir)),
  })
  const complete = async () => {
    const { total } = await rig.simulated.account()
    // Far from done: looking closer would only cost.
    if (total.undelivered.events > 1_000) return undefined
    const seen = await look()
    return seen.where.lost.length === 0 ? seen : undefined
  }
  return until("the last event to be delivered", complete, closing_ms_max, 1_000).catch(look)
}

const table = ({ account: { total }, where, struck, repeats_max, exits, damaged }: Report): string =>
  [
    ["events sent", total.sent],
    ["delivered", total.delivered],
    ["dead-lettered, poisoned by Falcon", where.poisoned],
    ["dead-lettered, damaged on the way", where.set_aside],
    ["dead-lettered, and delivered when read again", where.made_good],
    ["repeated", `${total.repeated} (at most ${repeats_max} of each partition)`],
    ["lost", where.lost.length],
    ["altered", total.corrupted],
    ["out of order", total.out_of_order],
    ["bytes damaged", damaged],
    ["exits", [...exits].map(([status, times]) => `${times} × ${status}`).join(", ")],
    ...[...struck].sort().map(([kind, times]) => [`fault: ${kind}`, times]),
  ]
    .map(([name, value]) => `| ${name} | ${value} |`)
    .join("\n")

const again = `again: bun run chaos --minutes ${minutes} --seed ${seed} --partitions ${partitions}`
say(`chaos: seed ${seed}, ${minutes} minutes, ${partitions} partitions`)
const report = await run().catch((error: Error) => {
  say(`FAILED: ${error.message}\n${again}`)
  process.exit(1)
})
say(`\n| | |\n| --- | --- |\n${table(report)}\n`)
for (const what of report.wrong) say(`WRONG: ${what}`)
say(report.wrong.length === 0 ? "nothing lost" : again)
process.exit(report.wrong.length === 0 ? 0 : 1)
