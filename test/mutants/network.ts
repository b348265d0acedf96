/** Promises about where credentials travel, and about waiting, counting and trying again, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const same_site = "A token is sent to no host outside the site of base_url, whatever a listing names."

const origin = breaks({ file: "src/core/http/client/origin.ts", noticed_by: "test/http/origin.test.ts" }, [
  {
    name: "a name that ends like ours is ours",
    promise: same_site,
    find: "host.endsWith(`.${site}`)",
    replace: "host.endsWith(site)",
  },
  {
    name: "two labels make a site",
    promise: "For a base outside CrowdStrike the whole host must agree.",
    find: "?? host\n",
    replace: '?? host.split(".").slice(-2).join(".")\n',
  },
  {
    name: "a token leaves https",
    promise: "https stays https.",
    find: 'if (base.protocol === "https:" && target.protocol !== "https:") return "it leaves https"',
    replace: 'if (base.protocol === "x:" && target.protocol !== "https:") return "it leaves https"',
  },
  {
    name: "a URL may bring credentials",
    promise: "A URL with credentials of its own gets no token.",
    find: 'if (target.username !== "" || target.password !== "") return',
    replace: 'if (target.username === "\\n") return',
  },
  {
    name: "a GovCloud token leaves GovCloud",
    promise: "A GovCloud token stays within GovCloud.",
    find: '"gcw.crowdstrike.com", ',
    replace: "",
  },
])

const client = breaks({ file: "src/core/falcon/client.ts", noticed_by: "test/http/client.test.ts" }, [
  {
    name: "the API's token goes to any URL that Falcon names",
    promise: same_site,
    find: "if (why !== undefined) return yield* failure",
    replace: "if (why === null) return yield* failure",
  },
  {
    name: "a token that Falcon repeats is shown",
    promise: "Secrets stay out of every error, even when Falcon repeats what it was sent.",
    noticed_by: "test/http/retry.test.ts",
    find: "return without(answer, [bearer])",
    replace: "return without(answer, [])",
  },
  {
    name: "a change may arrive twice",
    promise: "A call that must not be repeated is repeated by nobody, the runtime included.",
    find: "...(isRepeatable(operation) && { repeatable: true }),",
    replace: "repeatable: true,",
  },
  {
    name: "the second 401 goes on",
    promise: "A 401 gets one new token and one more try.",
    find: "return yield* readAnswer(operation, yield* send(operation, renewed))",
    replace: "return yield* once(operation)",
  },
  {
    name: "the API is called as fast as it goes",
    promise: "At most 100 requests in any second go to the API.",
    page: "docs/delivery.md",
    noticed_by: "test/http/rate-limit.test.ts",
    find: "    yield* rate.take\n",
    replace: "",
  },
])

const token_request = breaks({ file: "src/core/falcon/token-request.ts", noticed_by: "test/http/cloud.test.ts" }, [
  {
    name: "the secret follows any redirect",
    promise: "The form with the secret is sent again only within the site of base_url.",
    find: "if (why !== undefined) return",
    replace: "if (why === null) return",
  },
  {
    name: "any text is a token",
    promise: "What cannot be sent in a header is no token: no call fails for it later.",
    noticed_by: "test/http/token.test.ts",
    find: "if (token.length > falcon.token_chars_max ||",
    replace: "if (token.length > falcon.token_chars_max &&",
  },
  {
    name: "a token of a millisecond costs a request a call",
    promise: "However short a token lives by its answer, tokens are not asked for with every call.",
    noticed_by: "test/http/token.test.ts",
    find: "Math.max(ms, falcon.token_life_ms_min)",
    replace: "ms",
  },
  {
    name: "a third redirect is not followed",
    promise: "A token request follows three redirects.",
    find: "hops <= falcon.token_redirects_max",
    replace: "hops < falcon.token_redirects_max",
  },
  {
    name: "the token endpoint is called as fast as it goes",
    promise: "At most 10 token requests in a second.",
    page: "docs/delivery.md",
    noticed_by: "test/http/token-renewal.test.ts",
    find: "    yield* rate.take\n",
    replace: "",
  },
  {
    name: "our address counts as wrong credentials",
    promise: "Where the allow list of the tenant is what refuses us, the text says so.",
    noticed_by: "test/http/token-missing.test.ts",
    find: "if (speaksOfAddress(answer))",
    replace: "if (!speaksOfAddress(answer))",
  },
])

const auth = breaks({ file: "src/core/falcon/auth.ts", noticed_by: "test/http/token-renewal.test.ts" }, [
  {
    name: "a wrong secret is hammered",
    promise: "A failed token request answers everybody for 5 s.",
    find: "monotonicMs(clock) + Math.max(falcon.token_failure_ms, error.retry_after_ms ?? 0)",
    replace: "monotonicMs(clock) + Math.min(100, Math.max(falcon.token_failure_ms, error.retry_after_ms ?? 0))",
  },
  {
    name: "a renewal that fails throws the good token away",
    promise: "A token that is still good is used when its renewal fails.",
    find: "    return spare.bearer\n",
    replace: "    return yield* error\n",
  },
  {
    name: "a token is used to its last second",
    promise: "The token is renewed when less than five minutes remain.",
    noticed_by: "test/http/token.test.ts",
    find: "Math.min(falcon.token_margin_ms, token.life_ms / 2)",
    replace: "0 * token.life_ms",
  },
  {
    name: "everybody asks for a token of their own",
    promise: "Many callers cause one token request.",
    noticed_by: "test/http/token.test.ts",
    find: "return yield* lock.withPermit(obtain(undefined))",
    replace: "return yield* obtain(undefined)",
  },
])

const retry = breaks({ file: "src/core/falcon/retry.ts", noticed_by: "test/http/retry.test.ts" }, [
  {
    name: "calls are repeated without end",
    promise: "A call is repeated at most five times.",
    find: "if (attempt > most || ",
    replace: "if (attempt > 10 * retries_max || ",
  },
  {
    name: "calls are repeated at once",
    promise: "There is a growing pause before a call is repeated.",
    find: "yield* Effect.sleep(yield* waitMs(attempt, error.retry_after_ms))",
    replace: "yield* Effect.sleep(1)",
  },
])

const failure = breaks({ file: "src/core/falcon/failure.ts", noticed_by: "test/http/retry.test.ts" }, [
  {
    name: "a change is repeated although it may have happened",
    promise: "A change whose outcome is unknown is never repeated by ourselves.",
    page: "README.md",
    find: '!operation.idempotent && (reason === "unavailable" || reason === "timeout")',
    replace: '!operation.idempotent && (reason === "retired" || reason === "timeout")',
  },
  {
    name: "a 200 with nothing but errors is a success",
    promise: "A 2xx that holds errors and no resource at all has failed.",
    noticed_by: "test/http/client.test.ts",
    find: "envelope.resources.length === 0 && envelope.errors[0] !== undefined",
    replace: "envelope.resources.length < 0 && envelope.errors[0] !== undefined",
  },
])

const envelope = breaks({ file: "src/core/falcon/envelope.ts", noticed_by: "test/http/client.test.ts" }, [
  {
    name: "no list is an empty list",
    promise: "An answer without a list is told apart from one with an empty list.",
    find: "has_resources: Array.isArray(body.resources),",
    replace: "has_resources: true,",
  },
  {
    name: "an answer is parsed whatever it costs",
    promise: "An answer that no call needs is not parsed.",
    noticed_by: "test/http/costly-answers.test.ts",
    find: "text.length > falcon.unparsed_bytes_max && whyTooCostly",
    replace: "text.length < 0 && whyTooCostly",
  },
])

const cursors = breaks({ file: "src/core/falcon/cursor.ts", noticed_by: "test/http/pages.test.ts" }, [
  {
    name: "a full page without a total is the end of a list",
    promise: "A full page with which Falcon tells no end is not the end of a list.",
    find: "return walked.is_full && !is_led &&",
    replace: "return !walked.is_full && !is_led &&",
  },
  {
    name: "a total that is less than what came ends a list",
    promise: "A total that is less than what came in full pages is none.",
    find: "walked.is_full ? reached(walked) === total",
    replace: "walked.is_full ? reached(walked) >= total",
  },
])

const paginate = breaks({ file: "src/core/falcon/paginate.ts", noticed_by: "test/http/pages.test.ts" }, [
  {
    name: "a list that takes numbers is not asked for more",
    promise:
      "A full page without a total and without a way on is followed by a request at its number, where the list takes one.",
    find: "is_guessed = is_open && options.is_numbered === true",
    replace: "is_guessed = is_open && options.is_numbered === undefined",
  },
  {
    name: "a page that Falcon repeats is one more",
    promise: "A page that was asked for by guess and is a repetition leaves the end of the list open.",
    find: "(is_guessed && seen.has(markOf(page)))",
    replace: '(is_guessed && seen.has(""))',
  },
  {
    name: "pages that go in circles are walked on",
    promise: "A walk that goes in circles ends as malformed.",
    find: "if (seen.has(mark)) return",
    replace: 'if (seen.has("")) return',
  },
])

const rate_limit = breaks({ file: "src/core/falcon/rate-limit.ts", noticed_by: "test/http/rate-limit.test.ts" }, [
  {
    name: "others' spending of the budget is not heard",
    promise: "When others spend the tenant's budget, our requests keep apart.",
    find: "if (last !== undefined) return last.gap_ms",
    replace: "if (last === null) return 0",
  },
  {
    name: "a 429 holds only who got it",
    promise: "After a 429 everybody of the tenant waits.",
    find: "held_until_ms = Math.max(held_until_ms, monotonicMs(clock) + wait_ms)",
    replace: "held_until_ms = Math.max(held_until_ms, 0)",
  },
])

const waiting = breaks({ file: "src/core/http/client/retry-after.ts", noticed_by: "test/http/waiting.test.ts" }, [
  {
    name: "a server may make us wait for ever",
    promise: "No server makes us wait longer than a quarter of an hour.",
    find: "return Math.min(Math.max(0, ...valid), retry.retry_after_ms_max)",
    replace: "return Math.max(0, ...valid)",
  },
])

const exchange = breaks({ file: "src/core/http/client/exchange.ts", noticed_by: "test/http/fetch.test.ts" }, [
  {
    name: "an answer's bytes are not counted",
    promise: "A body over its bound is refused, whatever length its headers tell.",
    find: "if (size > bytes_max) {",
    replace: "if (size > 1_000 * bytes_max) {",
  },
  {
    name: "the length of a compressed answer counts as that of what comes out",
    promise: "A body over its bound is refused, whatever length its headers tell.",
    find: ' || headers.has("content-encoding")',
    replace: "",
  },
])

const socket_reader = breaks(
  { file: "src/core/http/client/socket/socket-reader.ts", noticed_by: "test/http/socket-reader.test.ts" },
  [
    {
      name: "a feed is read on while much of it waits",
      promise: "Beyond a bound a feed is read on when all that was kept is taken and more is asked for.",
      find: "this.waiting_bytes -= bytes.length\n",
      replace: "this.waiting_bytes -= bytes.length\n        this.socket.resume()\n",
    },
  ],
)

const starting = breaks({ file: "src/core/http/client/fetch-error.ts", noticed_by: "test/http/fetch.test.ts" }, [
  {
    name: "a header that cannot be sent is a broken connection",
    promise: "Of a request that could not be made it is certain that nothing was sent.",
    find: "cause instanceof TypeError ? badHeaderOf(request) : undefined",
    replace: "cause === undefined ? badHeaderOf(request) : undefined",
  },
])

const fetching = breaks({ file: "src/core/http/client/fetch.ts", noticed_by: "test/http/fetch.test.ts" }, [
  {
    name: "the runtime may repeat any request",
    promise: "A request that must not arrive twice is not sent again by the runtime.",
    find: "!mayArriveTwice(request) &&",
    replace: "mayArriveTwice(request) &&",
  },
  {
    name: "redirects are followed",
    promise: "Redirects are handed back as they come: a token follows none.",
    find: 'redirect: "manual",',
    replace: 'redirect: "follow",',
  },
])

const runtime_fetch = breaks({ file: "src/core/runtime/fetch.ts", noticed_by: "test/http/proxy.test.ts" }, [
  {
    name: "the environment switches certificates off",
    promise: "Certificates are verified whatever the environment says.",
    page: "docs/operations.md",
    find: "rejectUnauthorized: true,",
    replace: "",
  },
])

const dial = breaks({ file: "src/core/http/client/socket/dial.ts", noticed_by: "test/http/fetch-open.test.ts" }, [
  {
    name: "a feed's certificate is not verified",
    promise: "Verification is never off.",
    page: "docs/operations.md",
    find: "rejectUnauthorized: true,",
    replace: "rejectUnauthorized: false,",
  },
  {
    name: "a header value ends its line",
    promise: "A header value cannot end its line and begin another one.",
    noticed_by: "test/http/fetch-open.test.ts",
    find: 'value.replaceAll(/[\\r\\n\\0]/g, " ")',
    replace: "value",
  },
])

const response_head = breaks(
  { file: "src/core/http/client/socket/response-head.ts", noticed_by: "test/http/fetch-open.test.ts" },
  [
    {
      name: "a head without end is gathered",
      promise: "A head that nobody sends is refused without being kept.",
      find: "end > sockets.head_bytes_max || (end < 0 && this.gathered.length > sockets.head_bytes_max)",
      replace: "end > 1_000 * sockets.head_bytes_max",
    },
  ],
)

const pools = breaks({ file: "src/core/http/client/pools.ts", noticed_by: "test/http/pools.test.ts" }, [
  {
    name: "all requests share one pool",
    promise: "No kind of request can take the connections of another.",
    find: "const pool = pools[purpose]",
    replace: "const pool = pools[purpose] && pools.lookup",
  },
  {
    name: "feeds without a bound",
    promise: "One feed more than the process carries is refused by name.",
    find: "if (feeds.open >= feeds.max) return",
    replace: "if (feeds.open >= 1_000 * connections.feeds) return",
  },
  {
    name: "feeds beyond the files that a process may open",
    promise: "A process that may open few files refuses the feeds beyond them by that name.",
    find: "  return room < connections.feeds\n",
    replace: "  return room < 0\n",
  },
  {
    name: "a request waits for a connection for ever",
    promise: "A request without a connection fails once its time is over, and says that nothing was sent.",
    find: "duration: timeout_ms,",
    replace: "duration: timeout_ms * 1_000_000,",
  },
])

const pool = breaks({ file: "src/core/http/client/pool.ts", noticed_by: "test/http/pools.test.ts" }, [
  {
    name: "nobody is told that requests wait",
    promise: "Health tells when all connections are in use for longer than a bound, with the hosts and how many wait.",
    find: "< connections.crowded_ms) return undefined",
    replace: "< 1_000 * connections.crowded_ms) return undefined",
  },
  {
    name: "nobody is told that requests wait for a connection of the process",
    promise: "Health tells when requests wait for the process' connections, although the tenant's own are free.",
    noticed_by: "test/http/places.test.ts",
    find: "first === undefined ? 0 : now_ms - first.since_ms",
    replace: "first === undefined || !is_full ? 0 : now_ms - first.since_ms",
  },
  {
    name: "a busy pool is taken for a crowded one",
    promise: "A pool that is full and moves is busy, and not unwell.",
    find: "return now_ms - Math.max(",
    replace: "return now_ms - Math.min(",
  },
])

const no_proxy = breaks({ file: "src/core/http/client/no-proxy.ts", noticed_by: "test/http/no-proxy.test.ts" }, [
  {
    name: "loopback goes through the proxy",
    promise: "Loopback is never proxied.",
    find: "if (isLoopback(host)) return true",
    replace: "if (isLoopback(host) && no_proxy === null) return true",
  },
])

const passwords = breaks({ file: "src/core/telemetry/redact.ts", page: "CHANGELOG.md" }, [
  {
    name: "a password with a percent sign breaks what it is for",
    promise: "A password of a proxy or of a cluster's database may hold a percent sign that encodes nothing.",
    noticed_by: "test/http/proxy.test.ts",
    find: "  } catch {\n    return text\n  }",
    replace: "  } catch (error) {\n    throw error\n  }",
  },
])

export const network: readonly Mutant[] = [
  ...origin,
  ...client,
  ...token_request,
  ...auth,
  ...retry,
  ...failure,
  ...envelope,
  ...cursors,
  ...paginate,
  ...rate_limit,
  ...waiting,
  ...exchange,
  ...starting,
  ...fetching,
  ...runtime_fetch,
  ...dial,
  ...response_head,
  ...socket_reader,
  ...pools,
  ...pool,
  ...no_proxy,
  ...passwords,
]
