/** What a call that Falcon did not answer well says about the setup, and what to do about it. */
import type { FalconError, FalconReason } from "../falcon/errors.ts"
import { type Finding, failed, unknown } from "./check.ts"

const later = "run the check again later"

const remedies: Readonly<Record<FalconReason, string>> = {
  unauthorized:
    "check client_id and client_secret, and that base_url is the cloud in which this API client was made (base_url: auto finds it)",
  forbidden: "",
  rate_limited: `somebody uses up the tenant's budget of calls; ${later}`,
  rejected: "check base_url: a wrong cloud, or something in between, answers like this",
  retired: "nothing: CrowdStrike has withdrawn this API",
  unavailable: `Falcon, or something in between, fails; ${later}`,
  timeout: `Falcon, or something in between, is slow; ${later}`,
  unreachable: "check base_url, name resolution, proxy and firewall",
  malformed: "something else answers in Falcon's place: check base_url and proxy",
  untrusted_url: "check base_url: tokens go to CrowdStrike's own hosts alone",
  outcome_unknown: later,
}

/** Reasons that say nothing about what was asked. */
const says_nothing: readonly FalconReason[] = ["rate_limited", "unavailable", "timeout", "outcome_unknown"]

/** `grant`: what a 403 asks for; the scopes of the call when not given. */
export const falconFinding = (error: FalconError, grant?: string): Finding => {
  const { reason, message } = error
  const remedy = reason === "forbidden" ? (grant ?? grantOf(error.scopes)) : remedies[reason]
  return { ...(says_nothing.includes(reason) ? unknown : failed)(message, remedy), reason }
}

/** What to do in the Falcon console for a scope that is missing. */
export const grantOf = (scopes: readonly string[]): string =>
  scopes.length === 0
    ? "add this machine's address to the IP allow list of the Falcon console"
    : `grant ${scopes.join(", ")} to the API client in the Falcon console (Support and resources, API clients and keys)`
