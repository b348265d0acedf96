/** Promises about inventories, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/delivery.md"
const operations = "docs/operations.md"
const devices = "test/assets/devices.test.ts"
const lists = "test/assets/lists.test.ts"
const faults = "test/assets/faults.test.ts"
const tasks_test = "test/assets/tasks.test.ts"
const after_all =
  "A checkpoint of an inventory moves only after every asset up to it was accepted or refused on record."

const collect = breaks({ file: "src/core/assets/collect.ts", page }, [
  {
    name: "the checkpoint moves before its hosts are sent",
    promise: after_all,
    find: "    const newest = yield* sender.send(page.entities)\n    if (dry_run) return\n",
    replace: `    yield* progress.save({ ...progress.value(), position: page.position })
    const newest = yield* sender.send(page.entities)
    if (dry_run) return
`,
  },
  {
    name: "the newest host is the last of the list",
    promise: "most_recent_device_id is the host that Falcon knew last, and never goes back.",
    page: operations,
    noticed_by: "test/assets/overlap.test.ts",
    find: "newest: newer(before.newest, newest)",
    replace: "newest: newest ?? before.newest",
  },
  {
    name: "a list that lost most of what was known is believed",
    promise: "A list that loses most of what was known is asked for again before it is believed.",
    noticed_by: lists,
    find: "const is_doubted = missing > listing.doubted_share * known",
    replace: "const is_doubted = missing < 0 * known",
  },
  {
    name: "absence means something in half a listing",
    promise: "Only absence from a whole listing means that an asset is gone.",
    noticed_by: lists,
    find: "      tally.doubt = page.doubt\n      listing_is_whole = false\n",
    replace: "      tally.doubt = page.doubt\n",
  },
  {
    name: "hosts that were missed are never looked for",
    promise:
      "Once an hour all ids are listed: hosts that were missed by any mishap are sent, those that are gone are noted.",
    page: operations,
    noticed_by: devices,
    find: "if (dry_run || listIds === undefined || lookup === undefined) return",
    replace: "if (dry_run || listIds !== undefined || lookup === undefined) return",
  },
  {
    name: "a dry run of an inventory stores its position",
    promise: "akonis assets --dry-run sends and stores nothing.",
    page: "README.md",
    noticed_by: "test/assets/cli.test.ts",
    find: "    const newest = yield* sender.send(page.entities)\n    if (dry_run) return\n",
    replace: "    const newest = yield* sender.send(page.entities)\n",
  },
  {
    name: "another connector is taken for the same",
    promise: "Another connector_uuid sends everything again.",
    page: operations,
    noticed_by: devices,
    find: "  else if (progress.moved) yield* file.clear\n",
    replace: "",
  },
])

const sender = breaks({ file: "src/core/assets/sender.ts", page }, [
  {
    name: "hosts are remembered before they are accepted",
    promise: "A host whose last change was not accepted is sent again.",
    find: "else yield* postBisecting(api, parcels, {",
    replace: "else yield* accept(parcels)\n    if (!dry_run) yield* postBisecting(api, parcels, {",
  },
  {
    name: "accepted hosts are not remembered",
    promise: "What looks the same as before is not sent again.",
    page: operations,
    find: "    yield* file.add(parcels)\n",
    replace: "",
  },
  {
    name: "a host from the future is the newest for good",
    promise: "A host from the future is not the newest for good.",
    noticed_by: lists,
    find: "created_ms: Math.min(asset.created_ms, now_ms)",
    replace: "created_ms: asset.created_ms",
  },
  {
    name: "a host that stands twice in a page is sent twice",
    promise: "What stands twice in a page goes out once.",
    noticed_by: lists,
    find: "batch.set(id, parcel)",
    replace: "batch.set(`${id} ${batch.size}`, parcel)",
  },
  {
    name: "one odd host stops the others",
    promise: "An asset that cannot be mapped is skipped with a reason, and the others are sent.",
    noticed_by: devices,
    find: 'if (asset.kind === "skipped") {\n        yield* skip(asset)\n        continue',
    replace: 'if (asset.kind === "skipped") {\n        yield* skip(asset)\n        break',
  },
])

const deliver = breaks({ file: "src/core/assets/post-bisecting.ts", page: operations, noticed_by: devices }, [
  {
    name: "a refused batch of hosts is given up as a whole",
    promise: "What Sekoia refuses by itself is found by halving its batch.",
    find: "else if (part.length > 1) waiting",
    replace: "else if (part.length > 1_000_000) waiting",
  },
  {
    name: "every host is posted alone before an outage is seen",
    promise: "Ten refused in a row, none taken in between, suffice to ask whether Sekoia takes anything.",
    page: "src/core/assets/limits.ts",
    find: "suspects.length >= limits.refused_in_row_max",
    replace: "suspects.length >= 1_000 * limits.refused_in_row_max",
  },
  {
    name: "an asset API that refuses a few hosts loses them",
    promise: "An asset counts as refused only when another one was taken between two refusals of it alone.",
    page,
    find: "if (suspects.length > 0) yield* tellOutage()",
    replace: "if (suspects.length > 0) yield* postSuspectsAgain()",
  },
  {
    name: "a run of bad hosts stands in the way for ever",
    promise: "A run of bad assets, however long, does not block for good: others are tried.",
    page,
    find: "if (parcel !== undefined && (yield* probe(parcel)) === undefined)",
    replace: "if (parcel === null && (yield* probe(parcel)) === undefined)",
  },
  {
    name: "what was taken before tells nothing of an outage",
    promise: "When no other of the page is taken, the asset that was taken last is posted again to tell.",
    page,
    noticed_by: "test/assets/users.test.ts",
    find: "() => beside(0), () => standing.good]",
    replace: "() => beside(0)]",
  },
  {
    name: "an asset API that is down is asked with whole batches",
    promise: "In an outage one asset a try is posted.",
    page,
    find: "if (standing.refused_probes > 0) {",
    replace: "if (standing.refused_probes < 0) {",
  },
])

const known_file = breaks({ file: "src/core/assets/sent-index-file.ts", page: operations, noticed_by: devices }, [
  {
    name: "hosts that are gone are on no record",
    promise: "Hosts that are gone are written to device-assets.removed.ndjson.",
    find: 'notes === "" ? Effect.void :',
    replace: 'notes !== "" ? Effect.void :',
  },
])

const progress = breaks({ file: "src/core/assets/progress.ts", page: operations }, [
  {
    name: "a host that is as old as another takes its place",
    promise: "most_recent_device_id is the host that Falcon knew last, and never goes back.",
    noticed_by: "test/assets/overlap.test.ts",
    find: "other.created_ms >= one.created_ms ? other : one",
    replace: "other.created_ms <= one.created_ms ? other : one",
  },
  {
    name: "the newest host is told before all are sent",
    promise: "most_recent_device_id moves only once all hosts are accepted.",
    noticed_by: devices,
    find: "save: (next) => write(next, {}),",
    replace:
      "save: (next) => write(next, next.newest === undefined ? {} : { [source.checkpoint_key]: next.newest.id }),",
  },
])

const run = breaks({ file: "src/core/assets/run.ts", page: operations, noticed_by: "test/assets/users.test.ts" }, [
  {
    name: "a directory is read without a pause",
    promise: "Users are read as a whole each time, pausing at least nine times as long as that took.",
    find: 'walks === "changes"\n    ? 0',
    replace: 'walks !== "changes"\n    ? 0',
  },
  {
    name: "a failed cycle is tried every second for ever",
    promise: "A failed cycle is resumed after a backoff.",
    page: "src/core/assets/run.ts",
    noticed_by: faults,
    find: 'recovery: hopeless ? "operator" : "retry",',
    replace: 'most_ms: 1_000, recovery: hopeless ? "operator" : "retry",',
  },
])

const asset_api = breaks({ file: "src/core/sekoia/asset-api.ts", page, noticed_by: tasks_test }, [
  {
    name: "a proxy's page is a refusal of hosts",
    promise: "A refusal in other words than the asset API's is an outage, and no asset counts as refused.",
    page: "docs/delivery.md",
    noticed_by: "test/assets/devices.test.ts",
    find: "if (!is_about_items || jsonObject(text) !== undefined) return {}",
    replace: "if (!is_about_items || text !== undefined) return {}",
  },
  {
    name: "Falcon's words are taken for the asset API's",
    promise: "No 200 is believed that is none of the asset API.",
    find: '"resources" in took || ',
    replace: "",
  },
  {
    name: "any 2xx of the asset API is a success",
    promise: "No 200 is believed that is none of the asset API.",
    find: "if (took === undefined || isRefusal(took)) {",
    replace: "if (took === null) {",
  },
  {
    name: "a task counts as done when it begins",
    promise: "Assets count as sent when Sekoia's task is finished, and not before.",
    find: "return yield* awaitTask(base, task, send)",
    replace: "return",
  },
  {
    name: "the asset API is asked again at once",
    promise: "A 429 that names no time is waited for longer each time.",
    find: "        least_ms: leastMs(error, attempt),\n",
    replace: "",
  },
])

const device_source = breaks({ file: "src/plugins/device-assets/source.ts", page: operations, noticed_by: lists }, [
  {
    name: "changes are read without an overlap",
    promise: "Hosts are read from five minutes before the last change that was seen.",
    noticed_by: "test/assets/overlap.test.ts",
    find: "since_ms - limits.overlap_ms",
    replace: "since_ms",
  },
  {
    name: "a host from the future hides all later changes",
    promise: "A host from the future hides no later change.",
    find: "one > 0 && one <= now_ms",
    replace: "one > 0",
  },
  {
    name: "a page that lacks hosts moves the position past them",
    promise: "A page that may lack hosts does not move the position past them.",
    find: "if (doubt === undefined && latest_ms > (reached_ms ?? 0)) reached_ms = latest_ms",
    replace: "if (latest_ms > (reached_ms ?? 0)) reached_ms = latest_ms",
  },
  {
    name: "a list of ids that stops short is whole",
    promise: "A list of all hosts that is shorter than its own total is not believed.",
    noticed_by: devices,
    find: "if (listed < total) return",
    replace: "if (listed > total) return",
  },
])

const groups = breaks({ file: "src/plugins/device-assets/groups.ts", page: operations, noticed_by: devices }, [
  {
    name: "hosts wait for ever for the scope of their groups",
    promise: "Without the scope for host groups hosts go out with the ids for names.",
    find: 'error.reason !== "forbidden" && known.size === 0 && !lasts',
    replace: "known.size === 0",
  },
])

const console_source = breaks(
  { file: "src/plugins/user-assets/console-source.ts", page: operations, noticed_by: lists },
  [
    {
      name: "a user who is absent once is gone",
      promise: "One who was absent twice in a row is gone.",
      find: "absences_max: 2,",
      replace: "absences_max: 1,",
    },
  ],
)

const identity_source = breaks(
  { file: "src/plugins/user-assets/identity-source.ts", page: operations, noticed_by: "test/assets/users.test.ts" },
  [
    {
      name: "the point budget of the directory is ignored",
      promise: "Identities are read no faster than the point budget of the API allows.",
      find: "          yield* Effect.sleep(paused_ms)\n",
      replace: "",
    },
    {
      name: "a cursor that is no longer taken ends the inventory",
      promise: "A cursor that Falcon no longer takes begins the walk anew.",
      find: 'error.reason === "rejected" && calls === 1 && position !== undefined',
      replace: 'error.reason === "retired" && calls === 1 && position !== undefined',
    },
  ],
)

const sent_index = breaks(
  { file: "src/core/assets/sent-index-file.ts", page, noticed_by: "test/assets/files.test.ts" },
  [
    {
      name: "a line that was cut short is an asset",
      promise: "An asset counts as gone only when Falcon knew it.",
      find: "(\\S+)$/",
      replace: "(\\S+) ?$/",
    },
  ],
)

export const assets: readonly Mutant[] = [
  ...collect,
  ...sender,
  ...deliver,
  ...known_file,
  ...sent_index,
  ...progress,
  ...run,
  ...asset_api,
  ...device_source,
  ...groups,
  ...console_source,
  ...identity_source,
]
