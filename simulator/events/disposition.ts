import type { JsonObject } from "./json.ts"
import type { Random } from "./random.ts"

const flag_names = [
  "BlockingUnsupportedOrDisabled",
  "BootupSafeguardEnabled",
  "CriticalProcessDisabled",
  "Detect",
  "FsOperationBlocked",
  "HandleOperationDowngraded",
  "InddetMask",
  "Indicator",
  "KillActionFailed",
  "KillParent",
  "KillProcess",
  "KillSubProcess",
  "OperationBlocked",
  "PolicyDisabled",
  "ProcessBlocked",
  "QuarantineFile",
  "QuarantineMachine",
  "RegistryOperationBlocked",
  "Rooting",
  "SensorOnly",
  "SuspendParent",
  "SuspendProcess",
] as const

interface Outcome {
  readonly value: number
  readonly description: string
  readonly flags: readonly (typeof flag_names)[number][]
}

const outcomes: readonly Outcome[] = [
  { value: 0, description: "Detection, standard detection.", flags: ["Detect"] },
  { value: 16, description: "Prevention, process killed.", flags: ["KillProcess"] },
  { value: 2048, description: "Prevention, process was blocked from execution.", flags: ["ProcessBlocked"] },
  { value: 2176, description: "Prevention/Quarantine.", flags: ["ProcessBlocked", "QuarantineFile"] },
  { value: 5136, description: "Detection/Quarantine, policy is off.", flags: ["KillProcess", "PolicyDisabled"] },
]

/** What the sensor did: value, description and all flags, coherent with each other. `extra_flags` are always false. */
export function makeDisposition(random: Random, extra_flags: readonly string[] = []): JsonObject {
  const { value, description, flags } = random.pick(outcomes)
  const set: readonly string[] = flags
  return {
    PatternDispositionDescription: description,
    PatternDispositionFlags: Object.fromEntries(
      [...flag_names, ...extra_flags].map((name) => [name, set.includes(name)] as const),
    ),
    PatternDispositionValue: value,
  }
}
