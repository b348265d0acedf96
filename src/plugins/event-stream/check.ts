/** What `akonis check` asks about the streams and the destination, without taking an event from anybody. */
import { Effect } from "effect"
import {
  type Check,
  type CheckServices,
  type Finding,
  FolderInUse,
  failed,
  ok,
  warning,
} from "../../core/check/check.ts"
import { falconFinding, grantOf } from "../../core/check/falcon-finding.ts"
import type { DeliveryError } from "../../core/delivery/destination.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { plannedAppId } from "./app-ids.ts"
import type { EventStreamConfig } from "./config.ts"
import { makeDestination } from "./destination.ts"
import { listFeeds, scopes } from "./listing.ts"

/** An app id of its own: listing under one that a worker reads under could take its streams away. */
const check_app_id = "akonischeck"

type Listing = Effect.Success<ReturnType<typeof listFeeds>>

/** What the row of the app id has learnt already, for the row of the streams. */
interface Learnt {
  listing?: Listing
  failure?: FalconError
}

export const checks = (config: EventStreamConfig): readonly Check[] => {
  const learnt: Learnt = {}
  return [
    {
      name: "app id",
      tried: "a listing under the app id that the worker will use, unless a worker uses it now",
      asks: "falcon",
      find: findAppId(config, learnt),
    },
    { name: "streams", tried: "the listing of event streams", asks: "falcon", scopes, find: findStreams(learnt) },
    { name: "destination", asks: "others", tried: triedOf(config), find: findDestination(config) },
  ]
}

const triedOf = ({ destination, intake_url }: EventStreamConfig): string =>
  destination === "sekoia"
    ? `an empty batch to ${intake_url}, with the key and with a made-up one`
    : "the file of events"

const findAppId = (config: EventStreamConfig, learnt: Learnt): Effect.Effect<Finding, never, CheckServices> =>
  Effect.gen(function* () {
    if (yield* FolderInUse) return ok("not asked for while another Akonis process holds the data folder")
    const app_id = yield* plannedAppId(config.app_id)
    if (app_id === undefined) return ok("none yet: one is made at the first start")
    const listing = yield* listFeeds(app_id)
    if (listing.feeds.length > 0) {
      learnt.listing = listing
      return ok(`${app_id} is free`)
    }
    return warning(
      `Falcon lists no streams under ${app_id}: a session holds it, of a process that ended within the last 30 minutes or of another worker that reads under it`,
      "stop the other worker, or give this one an app_id of its own; after a crash do nothing, the worker goes on under another of its four ids",
    )
  }).pipe(
    Effect.catchTags({
      FalconError: (error) => {
        learnt.failure = error
        return Effect.succeed<Finding>({
          status: "unknown",
          detail: "the streams cannot be listed",
          remedy: "see the next row",
        })
      },
      StoreError: ({ message }) => Effect.succeed(failed(message, "restore the file, or delete it")),
    }),
  )

const findStreams = (learnt: Learnt): Effect.Effect<Finding, never, CheckServices> =>
  Effect.gen(function* () {
    if (learnt.failure !== undefined) return yield* learnt.failure
    const { feeds, complaints } = learnt.listing ?? (yield* listFeeds(check_app_id))
    const counted = `${feeds.length} partition${feeds.length === 1 ? "" : "s"}`
    if (complaints.length > 0)
      return warning(`${counted}; ${complaints.join("; ")}`, "tell CrowdStrike's support if it stays so")
    if (feeds.length > 0) return ok(counted)
    return warning(
      `none under the app id ${check_app_id}, which an earlier check may hold for 30 minutes`,
      "where this is the first check for half an hour, ask CrowdStrike's support to enable event streams for the tenant",
    )
  }).pipe(
    Effect.catchTag("FalconError", (error) =>
      Effect.succeed(
        falconFinding(error, `${grantOf(scopes)}; in a GovCloud, ask CrowdStrike's support to enable event streams`),
      ),
    ),
  )

const findDestination = (config: EventStreamConfig): Effect.Effect<Finding, never, CheckServices> =>
  Effect.gen(function* () {
    const destination = yield* makeDestination(config)
    const { verified, detail } = yield* destination.check
    return verified
      ? ok(detail)
      : warning(detail, "compare the key with the intake's page in Sekoia; health tells after the first events")
  }).pipe(
    Effect.catchTags({
      ConfigError: ({ source, key, message }) => Effect.succeed(failed(`${source}: ${key}: ${message}`, `set ${key}`)),
      DeliveryError: (error) => Effect.succeed(refusalOf(error)),
    }),
  )

const remedies: Readonly<Record<string, string>> = {
  no_key: "correct intake_key_file",
  unauthorized: "copy the intake key from the intake's page in Sekoia into intake_key",
  misconfigured: "correct intake_url: there is no intake at it. It is the address without /batch",
  not_an_intake: "correct intake_url, or let the proxy pass: a page or another service answers in the intake's place",
  foreign_file: "give ndjson.path another name, or move the file away",
  unwritable: "make the folder writable for the user that runs Akonis, or free some room",
}

const refusalOf = ({ reason, message }: DeliveryError): Finding => {
  if (reason === "not_ready") return warning(message, "wait a minute: an intake that was just made is not ready yet")
  return failed(message, remedies[reason] ?? "check intake_url, name resolution, proxy and firewall")
}
