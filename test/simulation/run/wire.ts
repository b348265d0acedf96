/** The network between a process and the modelled Falcon and intake: delays, faults, and the eyes of the oracle. */
import { Effect, Layer } from "effect"
import type { Random } from "../../../simulator/events/random.ts"
import { TransportError } from "../../../src/core/errors.ts"
import { Http, type HttpRequest } from "../../../src/core/http/client/http.ts"
import { isGraphPlace, isHostPlace, type RequestDeed } from "../generate/scenario.ts"
import type { AssetTasks } from "../model/asset-tasks.ts"
import { type Answer, api_url, type Falcon } from "../model/falcon.ts"
import type { Fleet } from "../model/fleet.ts"
import type { Graph } from "../model/graph.ts"
import { asset_key, intakeAnswer, isReceipt, isRefusal } from "../model/intake.ts"
import { routeOf } from "../model/routes.ts"
import type { Post } from "../oracles/books.ts"
import type { DeliveryOracle } from "../oracles/delivery-oracle.ts"
import type { EnrichmentOracle } from "../oracles/enrichment-oracle.ts"
import type { FleetOracle, Item } from "../oracles/fleet-oracle.ts"
import type { Asked, MannersOracle } from "../oracles/manners-oracle.ts"
import { type Faults, retryHeaders } from "./faults.ts"
import { type Life, reach, type VirtualTime } from "./time.ts"

export interface WireOptions {
  readonly time: VirtualTime
  readonly random: Random
  readonly falcon: Falcon
  /** When the enrichment runs. */
  readonly graph: Graph | undefined
  /** When the inventory runs. */
  readonly fleet: Fleet | undefined
  /** How long Sekoia's tasks take; without it it makes none before a fault has it make one, and then one of every push. */
  readonly task_ms: number | undefined
  readonly tasks: AssetTasks
  readonly faults: Faults
  readonly delivery: Pick<DeliveryOracle, "parse" | "taken" | "answered" | "refused">
  readonly enrichments: Pick<EnrichmentOracle, "excuse">
  readonly inventory: Pick<FleetOracle, "parse" | "taken" | "answered" | "refused">
  readonly manners: MannersOracle
  readonly latency_ms_max: number
  readonly skew_ms: () => number
  readonly note: (what: string, partition?: number) => void
  /** Stands around every call; the process may die there. */
  readonly gate: <A, E, R>(what: string, call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** A request on its way. */
interface Call extends Asked, Post {
  readonly request: HttpRequest
  readonly url: URL
  readonly items: readonly Item[]
}

const nothing: Post = { events: [], vertices: [], key: undefined }

/** What comes back: an answer, or nothing, after a while. */
interface Reply {
  readonly answer: Answer | TransportError["reason"] | undefined
  readonly until_ms?: number | undefined
  readonly late_ms?: number
}

const broken = (reason: TransportError["reason"]) =>
  new TransportError({ reason, host: "falcon.test", message: `falcon.test: ${reason}` })

export const layerWire = (options: WireOptions, life: Life): Layer.Layer<Http> => {
  const exchange = (request: HttpRequest) => Effect.suspend(() => send(callOf(options, request)))
  const send = (call: Call) =>
    Effect.callback<Answer, TransportError>((resume) => {
      options.manners.sent(call)
      let waiting = true
      const giveUp = () => {
        if (waiting) options.manners.over(call)
        waiting = false
      }
      const deliver = (reply: Reply) => {
        if (!waiting || !life.alive) return abandon(reply)
        giveUp()
        resume(received(options, call, reply))
      }
      const delay_ms = () => options.random.int(1, options.latency_ms_max)
      options.time.after(delay_ms(), () => {
        const reply = serve(options, call)
        const comeBack = () => reach(life, () => deliver(reply))
        if (reply.answer !== undefined) options.time.after(delay_ms() + (reply.late_ms ?? 0), comeBack)
      })
      return Effect.sync(giveUp)
    }).pipe(
      Effect.timeoutOrElse({
        duration: call.request.timeout_ms,
        orElse: () => {
          options.manners.answered(call, { status: undefined, until_ms: undefined, text: "" })
          return Effect.fail(broken("timeout"))
        },
      }),
      (sending) => options.gate(`request to ${call.place}`, sending),
    )
  return Layer.succeed(Http, {
    send: (request) =>
      Effect.map(exchange(request), ({ status, headers, body }) => ({
        status,
        headers: new Headers(headers),
        text: String(body),
      })),
    open: (request) =>
      Effect.acquireRelease(exchange(request), ({ body }) => Effect.sync(() => hangUp(options, request, body))).pipe(
        Effect.map(({ status, headers, body }) => new Response(body, { status, headers: { ...headers } })),
      ),
  })
}

/** An answer that nobody waits for any more. */
const abandon = ({ answer }: Reply): void => {
  if (typeof answer === "object" && typeof answer.body !== "string") void answer.body.cancel()
}

const hangUp = ({ falcon }: WireOptions, request: HttpRequest, body: Answer["body"]): void => {
  if (typeof body !== "string") falcon.hangUp(String(request.headers?.authorization))
}

const callOf = ({ delivery, inventory, time }: WireOptions, request: HttpRequest): Call => {
  const route = routeOf(request)
  const url = new URL(request.url)
  const whose = route.place === "open" ? String(request.headers?.authorization) : String(route.partition)
  const items = route.place === "assets" ? inventory.parse(String(request.body)) : []
  const common = { request, url, whose, place: route.place, sent_ms: time.now_ms, items }
  if (route.place !== "intake") return { ...common, ...nothing, partition: route.partition }
  // Copied: the process may write to its buffer again as soon as it has given up.
  const post = delivery.parse(new Uint8Array(request.body as Uint8Array)) ?? nothing
  const follows = post.vertices[0]?.case.detection.partition
  const partition = post.events[0]?.partition ?? follows
  return { ...common, ...post, partition, whose: `${follows === undefined ? "" : "vertices of "}${partition}` }
}

/** The request has arrived. */
const serve = (options: WireOptions, call: Call): Reply => {
  const { faults, time } = options
  const fault = faults.strike(call.place, time.now_ms, call.partition)
  const deed = fault?.do
  switch (deed?.kind) {
    case "hang":
      return { answer: undefined }
    case "refused":
    case "reset":
      return { answer: deed.kind }
    case "status":
      if (deed.status === 401) options.falcon.revoke(String(call.request.headers?.authorization))
      if (call.place === "edges" || call.place === "vertices") options.enrichments.excuse(call.url, deed.status)
      return statusReply(options, deed)
    case "garbage":
      return { answer: { status: 200, body: "<html>the proxy is being repaired</html>" } }
    case "answer":
    case "nothing":
      return { answer: { status: 200, body: deed.body } }
    case "redirect": {
      const location = `${api_url.replace("api", "api2")}${call.url.pathname}`
      return { answer: { status: deed.status, headers: { location }, body: "" } }
    }
    case "answer_lost":
      abandon({ answer: act(options, call, deed, undefined) })
      return { answer: "reset" }
    case "answer_late":
      return { answer: act(options, call, deed, undefined), late_ms: deed.by_ms }
    case "done_but":
      abandon({ answer: act(options, call, deed, undefined) })
      return { answer: { status: deed.status, body: '{"message":"internal error"}' } }
    default:
      return { answer: act(options, call, deed, fault?.partition) }
  }
}

const statusReply = ({ time, skew_ms }: WireOptions, deed: Extract<RequestDeed, { kind: "status" }>): Reply => {
  const { headers, until_ms } = retryHeaders(deed, time.now_ms + skew_ms())
  const body = deed.body ?? JSON.stringify({ errors: [{ code: deed.status, message: "a fault" }] })
  return {
    answer: { status: deed.status, headers, body },
    until_ms: until_ms === undefined ? undefined : time.now_ms + until_ms,
  }
}

/** What the server does when nothing stands in the way. */
const act = (options: WireOptions, call: Call, deed: RequestDeed | undefined, without: number | undefined): Answer => {
  const { falcon, delivery, note } = options
  const { place, partition, request, url, events, vertices, key } = call
  const authorization = String(request.headers?.authorization)
  const app_id = url.searchParams.get("appId") ?? ""
  if (place === "token") return falcon.token()
  if (place === "list" && deed?.kind === "bad_entry")
    return spoiled(falcon.list(app_id, authorization, undefined, false), without, deed.lacks)
  if (place === "list") return falcon.list(app_id, authorization, without, deed?.kind === "empty")
  if (place === "refresh") return falcon.refresh(app_id, partition!, authorization)
  if (place === "open") return falcon.open(partition!, authorization, url.searchParams)
  if (place !== "intake") return beside(options, call, authorization, deed)
  const answer = intakeAnswer(events, vertices.length, key)
  if (answer.status === 200) delivery.taken(call)
  note(`the intake ${answer.status === 200 ? "takes" : `refuses with ${answer.status}`} ${spanOf(call)}`, partition)
  return answer
}

const lacking = {
  token: { sessionToken: {} },
  refresh_url: { refreshActiveSessionURL: null },
  interval: { refreshActiveSessionInterval: 0 },
}

/** A listing in which the entry of one partition lacks something. */
const spoiled = (answer: Answer, partition: number | undefined, lacks: keyof typeof lacking): Answer => {
  const { resources, ...rest } = JSON.parse(String(answer.body)) as { resources: { dataFeedURL: string }[] | null }
  const bad = (resources ?? []).map((entry) =>
    entry.dataFeedURL.includes(`/v1/${partition}?`) ? { ...entry, ...lacking[lacks] } : entry,
  )
  return { ...answer, body: JSON.stringify({ ...rest, resources: bad }) }
}

/** What is asked and posted beside the stream. */
const beside = (
  { falcon, graph, fleet, task_ms, tasks, inventory, time, note }: WireOptions,
  { place, url, request, items }: Call,
  authorization: string,
  deed: RequestDeed | undefined,
): Answer => {
  const body = String(request.body)
  if (isGraphPlace(place)) return falcon.guard(authorization) ?? graph!.answer(place, url, body)
  if (isHostPlace(place)) return falcon.guard(authorization) ?? fleet!.answer(place, url, body, time.now_ms)
  if (authorization !== `Bearer ${asset_key}`) return { status: 401, body: "{}" }
  if (place === "tasks") return tasks.look(url.pathname, time.now_ms)
  const finished_ms = task_ms ?? (tasks.areMade ? 0 : undefined)
  const until_ms = time.now_ms + (finished_ms ?? 0)
  if (deed?.kind === "task_fails") return tasks.begin(items, "fail", until_ms)
  if (deed?.kind === "task_hangs") return tasks.begin(items, "hang", until_ms)
  if (finished_ms !== undefined) {
    time.after(finished_ms, () => inventory.taken(items))
    return tasks.begin(items, "finish", until_ms)
  }
  inventory.taken(items)
  note(`Sekoia takes ${items.length} assets`)
  return { status: 200, body: "{}" }
}

const spanOf = ({ events, vertices }: Post): string => {
  if (vertices.length > 0) return `${vertices.length} vertices of ${vertices[0]!.case.detection.id}`
  return events.length === 0 ? "nothing" : `events ${events[0]!.position} to ${events.at(-1)!.position}`
}

/** The answer has arrived. */
const received = (
  { delivery, inventory, tasks, manners }: WireOptions,
  call: Call,
  { answer, until_ms }: Reply,
): Effect.Effect<Answer, TransportError> => {
  const status = typeof answer === "object" ? answer.status : undefined
  const text = typeof answer === "object" && typeof answer.body === "string" ? answer.body : ""
  const { place, events, vertices, items, url } = call
  manners.answered(call, { status, until_ms, text })
  if (place === "list" && status === 200)
    manners.listed(url.searchParams.get("appId") ?? "", text.includes('"resources":[]'))
  if (place === "intake" && status === 200 && isReceipt(text)) delivery.answered(call)
  if (status === 200 && text === "{}") inventory.answered(items)
  if (place === "tasks" && text.includes('"FINISHED"')) inventory.answered(tasks.itemsOf(url.pathname))
  if (place === "tasks" && text.includes('"FAILED"')) inventory.refused(tasks.itemsOf(url.pathname))
  const own_words = text.startsWith("{")
  const for_good = own_words && isRefusal(status) && !text.includes("INTAKE_KEY_ERROR")
  if (place === "intake" && for_good && events.length + vertices.length === 1) delivery.refused(call)
  if (for_good) inventory.refused(items)
  return typeof answer === "object" ? Effect.succeed(answer) : Effect.fail(broken(answer ?? "reset"))
}
