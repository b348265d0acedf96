/** What a chaos run does to the rig. A fault is drawn from the seed first and strikes then, so that a seed is a schedule. */
import type { Random } from "../../simulator/events/random.ts"
import type { Fault } from "../process/simulated.ts"
import { exhaustDescriptors } from "./machine.ts"
import type { Rig } from "./rig.ts"

export interface Strike {
  readonly kind: string
  /**
   * Batches of each partition that may come twice because of it: what was in flight. A kill: the batch that was posted and
   * those before it whose offset was not stored yet. An answer that got lost: the batch that it was for.
   */
  readonly repeats_max: number
  readonly run: () => Promise<void>
}

interface FaultKind {
  readonly kind: string
  /** Why it cannot be done here. */
  readonly skipped?: (rig: Rig) => string | undefined
  readonly draw: (rig: Rig, random: Random) => Omit<Strike, "kind">
}

/** Does, waits, undoes. */
const lasting = (seconds: number, begin: () => void | Promise<void>, end: () => void | Promise<void>) => async () => {
  await begin()
  await Bun.sleep(seconds * 1_000)
  await end()
}

/** A fault of the simulator's own. */
const simulated = (kind: string, repeats_max: number, fault: (random: Random) => Fault): FaultKind => ({
  kind,
  draw: ({ simulated }, random) => {
    const drawn = fault(random)
    return { repeats_max, run: () => simulated.addFault(drawn) }
  },
})

const without = (part: unknown, why: string) => (part === undefined || part === false ? why : undefined)

export const fault_kinds: readonly FaultKind[] = [
  {
    kind: "kill -9",
    draw: (rig) => ({ repeats_max: 2, run: rig.killAndRestart }),
  },
  {
    kind: "worker stands still",
    draw: (rig, random) => {
      const { child } = rig.worker()
      const stop = () => child.kill("SIGSTOP")
      return { repeats_max: 0, run: lasting(random.int(1, 8), stop, () => child.kill("SIGCONT")) }
    },
  },
  {
    kind: "simulator stands still",
    draw: ({ simulated: { child } }, random) => {
      const stop = () => child.kill("SIGSTOP")
      return { repeats_max: 0, run: lasting(random.int(1, 8), stop, () => child.kill("SIGCONT")) }
    },
  },
  {
    kind: "Falcon's connections cut",
    draw: ({ falcon }) => ({ repeats_max: 0, run: async () => falcon.cut() }),
  },
  {
    kind: "intake's connections cut",
    draw: ({ intake }) => ({ repeats_max: 1, run: async () => intake.cut() }),
  },
  {
    kind: "Falcon refuses connections",
    draw: ({ falcon }, random) => ({ repeats_max: 0, run: lasting(random.int(1, 8), falcon.shut, falcon.open) }),
  },
  {
    kind: "intake refuses connections",
    draw: ({ intake }, random) => ({ repeats_max: 1, run: lasting(random.int(1, 8), intake.shut, intake.open) }),
  },
  {
    kind: "slow network",
    draw: ({ falcon, intake }, random) => {
      const set = (ms: number) => () => {
        falcon.delay(ms)
        intake.delay(ms)
      }
      return { repeats_max: 0, run: lasting(random.int(2, 8), set(random.int(20, 300)), set(0)) }
    },
  },
  {
    kind: "bytes from Falcon damaged",
    draw: ({ falcon }, random) => {
      const pieces = random.int(1, 5)
      return { repeats_max: 0, run: async () => falcon.damage("down", pieces) }
    },
  },
  {
    kind: "bytes to the intake damaged",
    draw: ({ intake }, random) => {
      const pieces = random.int(1, 5)
      return { repeats_max: 0, run: async () => intake.damage("up", pieces) }
    },
  },
  {
    kind: "answers of the intake damaged",
    draw: ({ intake }, random) => {
      const pieces = random.int(1, 2)
      return { repeats_max: pieces, run: async () => intake.damage("down", pieces) }
    },
  },
  {
    kind: "disk full",
    skipped: ({ disk }) => without(disk, "nothing can be mounted here"),
    draw: ({ disk }, random) => ({ repeats_max: 0, run: lasting(random.int(2, 8), disk!.fill, disk!.clear) }),
  },
  {
    kind: "no file descriptors left",
    skipped: ({ limits }) => without(limits, "there is no prlimit"),
    draw: (rig, random) => {
      let restore = () => {}
      const begin = () => {
        restore = exhaustDescriptors(rig.worker().child.pid)
        rig.falcon.cut()
        rig.intake.cut()
      }
      return { repeats_max: 1, run: lasting(random.int(2, 6), begin, () => restore()) }
    },
  },
  {
    kind: "names not resolved",
    skipped: ({ names }) => without(names, "/etc/hosts cannot be covered here"),
    draw: ({ names, falcon, intake }, random) => {
      const begin = async () => {
        names!.forget()
        await Bun.sleep(1_500)
        falcon.cut()
        intake.cut()
      }
      return { repeats_max: 1, run: lasting(random.int(3, 8), begin, names!.know) }
    },
  },
  {
    kind: "clock moved",
    skipped: ({ clock }) => without(clock, "libfaketime is not installed"),
    draw: ({ clock }, random) => {
      const seconds = random.int(-7_200, 7_200)
      const move = (to: number) => () => clock!.move(to)
      return { repeats_max: 0, run: lasting(random.int(3, 8), move(seconds), move(0)) }
    },
  },
  {
    kind: "sessions ended",
    draw: ({ simulated }) => ({ repeats_max: 0, run: simulated.endSessions }),
  },
  simulated("stream cut within a line", 0, () => ({ on: "stream", do: "cut" })),
  simulated("stream reset", 0, () => ({ on: "stream", do: "reset" })),
  simulated("stream rewound", 0, (random) => ({ on: "stream", do: { repeat: { events: random.int(1, 20_000) } } })),
  simulated("stream silent", 0, (random) => ({ on: "stream", until_ms: random.int(1_000, 8_000), do: "stall" })),
  simulated("refresh unknown", 0, () => ({ on: "refresh", do: { status: 404 } })),
  simulated("listing empty", 0, () => ({ on: "list", do: "empty" })),
  simulated("intake answers 500", 0, (random) => ({
    on: "intake",
    count: random.int(1, 4),
    every: 1,
    do: { status: 500 },
  })),
  simulated("intake answers 429", 0, () => ({ on: "intake", do: { status: 429, headers: { "retry-after": "2" } } })),
  simulated("intake takes and answers 500", 1, () => ({ on: "intake", do: "accept_then_fail" })),
]
