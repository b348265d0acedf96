/** `kill -9` while events are written to a file of NDJSON, and what the files then hold. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { Random } from "../../../simulator/events/random.ts"
import { endWith } from "../child.ts"
import { withLab } from "../harness.ts"
import { until } from "../waiting.ts"

/** Between two readings of all files, which cost the processor that the worker needs. */
const reading_pause_ms = 500

export interface EventFilePlan {
  readonly kills: number
  /** Events that wait at the start. */
  readonly events: number
  /** Events that come beside them until the last kill, so that some are to be written at every kill on a machine of any speed. */
  readonly events_per_second: number
  readonly batch_events: number
  readonly seed: number
}

export interface EventFileOutcome {
  /** Events that Falcon had in the end. */
  readonly sent: number
  /** Distinct events in the files. */
  readonly held: number
  readonly lost: number
  /** Lines that are no JSON object. */
  readonly broken: number
  /** Lines of events that stand in the files already. */
  readonly repeated: number
}

/** Kills workers of one data folder, without an intake key, then lets the last one finish. */
export const killWhileWriting = (plan: EventFilePlan): Promise<EventFileOutcome> =>
  withLab(async (lab) => {
    const { kills, events, events_per_second, batch_events, seed } = plan
    const simulated = await lab.simulate({ seed, partitions: 1, events_per_partition: events, events_per_second })
    const data_dir = lab.folder()
    const config = `${lab.folder()}/akonis.yaml`
    const stream = {
      destination: "ndjson",
      ndjson: { rotate_bytes: 2_000_000, keep: 1_000 },
      batch_events_max: batch_events,
    }
    writeFileSync(config, JSON.stringify({ plugins: { "event-stream": stream } }))
    const work = () =>
      lab.work(simulated, { data_dir, env: { AKONIS_CONFIG: config, SEKOIA_INTAKE_KEY: "", SEKOIA_INTAKE_URL: "" } })
    const random = new Random(seed)
    for (let kill = 0; kill < kills; kill++) {
      const before = linesIn(data_dir).length
      const worker = await work()
      await until("a few more events in the file", () =>
        linesIn(data_dir).length > before + batch_events ? true : undefined,
      )
      await Bun.sleep(random.int(0, 40))
      await endWith(worker.child, "SIGKILL")
    }
    const available = await simulated.endEvents()
    const last = await work()
    const whole = () => (offsetsIn(data_dir).held.size >= available ? true : undefined)
    await until("every event in the files", whole, 180_000, reading_pause_ms)
    // Nothing went to the simulated intake, so everything that Falcon had is undelivered there.
    const expected = Object.values(await simulated.undelivered()).flat()
    await endWith(last.child, "SIGTERM")
    const { held, broken, repeated } = offsetsIn(data_dir)
    return {
      sent: expected.length,
      held: held.size,
      lost: expected.filter((offset) => !held.has(offset)).length,
      broken,
      repeated,
    }
  })

/** Every line of the files as they stand; read again where a file was set aside in between. */
const linesIn = (data_dir: string): readonly string[] => {
  const names = existsSync(data_dir) ? readdirSync(data_dir).filter((name) => name.startsWith("events.ndjson")) : []
  try {
    const texts = names.map((name) => readFileSync(`${data_dir}/${name}`, "utf8"))
    return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return linesIn(data_dir)
    throw error
  }
}

const offsetsIn = (data_dir: string) => {
  const held = new Set<number>()
  let broken = 0
  let repeated = 0
  for (const line of linesIn(data_dir)) {
    const offset = offsetOf(line)
    if (offset === undefined) broken++
    else if (held.has(offset)) repeated++
    else held.add(offset)
  }
  return { held, broken, repeated }
}

const offsetOf = (line: string): number | undefined => {
  try {
    return (JSON.parse(line) as { readonly metadata: { readonly offset: number } }).metadata.offset
  } catch {
    return undefined
  }
}
