/** Promises about who may call us and what they may send, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const http = "test/actions/http.test.ts"
const door_test = "test/actions/door.test.ts"
const by_role = "reader sees, responder also acts, admin also replays and reloads."
const reference = "docs/reference/configuration.md"

const bearer = breaks({ file: "src/core/http/server/bearer.ts", noticed_by: http }, [
  {
    name: "any token will do",
    promise: "Only a configured token, or the one that Akonis made, opens the API.",
    page: "README.md",
    find: "return timingSafeEqual(known, given)",
    replace: "return timingSafeEqual(known, known) || timingSafeEqual(known, given)",
  },
  {
    name: "every role may act",
    promise: by_role,
    page: reference,
    find: "rank[role] >= rank[wanted]",
    replace: "rank[role] >= 0 * rank[wanted]",
  },
  {
    name: "a host that is open to the network needs no token",
    promise: "Listening on any but a loopback address needs a token that somebody chose.",
    page: reference,
    noticed_by: "test/actions/tokens.test.ts",
    find: "tokens.length > 0 || isLoopback(host)",
    replace: 'tokens.length > 0 || host !== ""',
  },
  {
    name: "short tokens are taken",
    promise: "Tokens of the API need 16 visible characters.",
    page: "CHANGELOG.md",
    noticed_by: door_test,
    find: "return text.length < server.token_chars_min ?",
    replace: "return text.length < 1 ?",
  },
  {
    name: "two tokens may have one name",
    promise: "Tokens must differ in name and value.",
    page: "CHANGELOG.md",
    noticed_by: door_test,
    find: "if (names.has(name))",
    replace: "if (names.has(`${name} `))",
  },
  {
    name: "a token file that is gone locks everybody out",
    promise: "A token file that is gone does not lock the others out.",
    noticed_by: "test/actions/tokens.test.ts",
    find: "const token = yield* Effect.option(caller.token.value)",
    replace: "const token = yield* Effect.orDie(Effect.asSome(caller.token.value))",
  },
  {
    name: "a made token can be read by everybody",
    promise: "The token that Akonis makes is random, and in a file for its owner alone.",
    page: "docs/operations.md",
    noticed_by: "test/actions/tokens.test.ts",
    find: "crypto.getRandomValues(new Uint8Array(24))",
    replace: "new Uint8Array(24)",
  },
])

const api = breaks({ file: "src/api/api.ts", noticed_by: http }, [
  {
    name: "an approval with ?dry_run=true acts",
    promise: "Approvals, /mcp, a reload and what admins do with dead letters take no query.",
    page: "docs/operations.md",
    find: "if (unknown === undefined) return void (await next())",
    replace: "if (unknown !== null) return void (await next())",
  },
  {
    name: "routes forget which role they need",
    promise: "POST /mcp and the actions are for responders, the rest for readers.",
    page: reference,
    noticed_by: "test/actions/mcp.test.ts",
    find: "if (roleAllows(caller.role, role)) return undefined",
    replace: 'if (roleAllows(caller.role, "reader") || role === undefined) return undefined',
  },
  {
    name: "whoever has no token passes",
    promise: "Nobody passes without a token; only health is open.",
    page: "README.md",
    find: "if (caller === undefined) {",
    replace: "if (caller === null) {",
  },
  {
    name: "a failure tells of the inside",
    promise: "A bug is answered with 500 that tells nothing of the inside.",
    find: 'problemOf("unexpected", "see the log under this request id")',
    replace: 'problemOf("unexpected", String(error.stack))',
  },
])

const actions = breaks({ file: "src/api/actions.ts", noticed_by: http }, [
  {
    name: "a reader acts",
    promise: by_role,
    page: reference,
    find: 'if (!roleAllows(caller.role, "responder")) {',
    replace: 'if (!roleAllows(caller.role, "reader")) {',
  },
  {
    name: "what a reader was refused is on no record",
    promise: "An attempt to change something without the role is put on record.",
    noticed_by: "test/actions/audit.test.ts",
    find: "await api.run(auditRefusal(tenant, action, {}, asked, refusal))",
    replace: "",
  },
  {
    name: "?dryRun=true acts",
    promise: "A query parameter that is not understood could have meant 'do not act': it is refused.",
    noticed_by: "test/actions/http.test.ts",
    find: 'if (key !== "dry_run" && key !== "wait") {',
    replace: 'if (key === "dry-runs") {',
  },
  {
    name: "dry_run twice acts",
    promise: "A parameter that stands there twice is refused.",
    noticed_by: "test/actions/http.test.ts",
    find: "if (values.length > 1)",
    replace: "if (values.length > 1_000)",
  },
  {
    name: "?dry_run alone acts",
    promise: "?dry_run without a value is a dry run.",
    noticed_by: "test/actions/http.test.ts",
    find: 'dry_run: dry_run !== "false" && dry_run !== "0",',
    replace: 'dry_run: dry_run === "true" || dry_run === "1",',
  },
  {
    name: "actions run before their plugin has started",
    promise: "While a plugin has not started, its actions answer 503.",
    find: "if (!is_started) {",
    replace: "if (!is_started && plugin === undefined) {",
  },
])

const reserve = breaks(
  { file: "src/core/http/server/keep-reserve.ts", noticed_by: "src/core/http/server/keep-reserve.test.ts" },
  [
    {
      name: "callers may take every descriptor",
      promise: "Descriptors are kept for delivery: when few are left, the port is shut until callers are gone.",
      page: "docs/security.md",
      find: "seen.limit - seen.used < reserve &&",
      replace: "seen.limit - seen.used < 0 &&",
    },
    {
      name: "half-sent bodies keep their descriptors",
      promise: "When the reserve is touched, idle connections and half-sent bodies are closed.",
      page: "docs/security.md",
      find: "      giveWay()\n",
      replace: "",
    },
    {
      name: "a shortage cuts requests off that are being answered",
      promise: "A request that is being answered is not cut off by a shortage of descriptors.",
      page: "docs/security.md",
      find: "const is_empty = door.underWay() === 0",
      replace: "const is_empty = door.underWay() < 10",
    },
    {
      name: "feeds count as callers",
      promise: "What delivery itself holds does not shut the port.",
      find: "without_callers = read()?.used ?? 0",
      replace: "without_callers = (read()?.used ?? 0) * 0",
    },
  ],
)

const crowd = breaks({ file: "src/api/crowd.ts", page: "docs/security.md", noticed_by: "test/actions/crowd.test.ts" }, [
  {
    name: "one address has every request answered",
    promise: "500 requests of one address are answered at once, and no more.",
    find: "if (own >= server.requests_per_peer_max)",
    replace: "if (own >= server.requests_max)",
  },
  {
    name: "requests that are answered count for ever",
    promise: "Requests are counted while they are being answered.",
    find: "      all--\n",
    replace: "",
  },
])

const body = breaks({ file: "src/api/body.ts", noticed_by: http }, [
  {
    name: "a body is measured by its header",
    promise: "Bodies are counted by their bytes, whatever a header says.",
    page: "CHANGELOG.md",
    find: "if (own_bytes > bytes_max) return tooLarge(c, bytes_max)",
    replace: "if (own_bytes < 0) return tooLarge(c, bytes_max)",
  },
  {
    name: "a body is parsed whatever it costs",
    promise: "Bodies are looked through before they are parsed: depth, values, keys.",
    page: "CHANGELOG.md",
    noticed_by: door_test,
    find: "if (why !== undefined) return",
    replace: "if (why === null) return",
  },
  {
    name: "large bodies are held without a bound",
    promise: "While other large bodies are in hand a further one is asked to come again.",
    noticed_by: "test/actions/bodies.test.ts",
    find: "if (held_bytes > server.bodies_bytes_max) return tooMany(c)",
    replace: "if (held_bytes < 0) return tooMany(c)",
  },
  {
    name: "room of bodies is never given back",
    promise: "A body's room is free again once it is answered.",
    noticed_by: "test/actions/bodies.test.ts",
    find: "    held_bytes -= own_bytes\n",
    replace: "",
  },
  {
    name: "a body is waited for without end",
    promise: "A body that does not come within 30 s is answered with 408.",
    page: "CHANGELOG.md",
    noticed_by: "test/actions/slow-bodies.test.ts",
    find: 'setTimeout(() => given_up.resolve("late"), Math.max(0, ms))',
    replace: 'setTimeout(() => given_up.resolve("late"), Math.max(0, 1_000 * ms))',
  },
])

const host = breaks({ file: "src/api/host.ts", noticed_by: door_test }, [
  {
    name: "any host name is ours",
    promise:
      "A request to a name that is neither localhost, an address nor configured is refused: no page can rebind to us.",
    page: "CHANGELOG.md",
    find: 'if (!known.has(host) && !host.endsWith(".localhost") && isIP(host) === 0) {',
    replace: 'if (!known.has(host) && !host.endsWith("") && isIP(host) === 0) {',
  },
  {
    name: "without a host every route answers",
    promise: "Without a Host only /health answers.",
    page: "CHANGELOG.md",
    find: 'if (name === undefined && given === "" && /^\\/health(\\/|$)/.test(c.req.path)) {',
    replace: 'if (name === undefined && given === "") {',
  },
])

const session = breaks({ file: "src/api/session.ts", noticed_by: door_test }, [
  {
    name: "a session outlives its token",
    promise: "The session of /docs ends when its token goes.",
    page: "CHANGELOG.md",
    find: "return api.run(findByDigest(api.callers, session.digest))",
    replace: "return api.callers[0]",
  },
  {
    name: "a logout leaves the session open",
    promise: "/docs has a logout.",
    page: "CHANGELOG.md",
    find: '      sessions.delete(getCookie(c, cookie_name) ?? "")\n      deleteCookie',
    replace: "      deleteCookie",
  },
  {
    name: "a cookie opens actions",
    promise: "A session opens pages that are read, never an action.",
    noticed_by: "test/actions/openapi.test.ts",
    find: 'if (c.req.method !== "GET" || !pages(c.req.path)) return undefined',
    replace: "if (pages === undefined) return undefined",
  },
  {
    name: "scripts can read the cookie",
    promise: "The cookie cannot be read by scripts, nor sent by other sites.",
    noticed_by: "test/actions/openapi.test.ts",
    find: "httpOnly: true,",
    replace: "httpOnly: false,",
  },
  {
    name: "a session never ends",
    promise: "A browser that logged in reads for a working day.",
    noticed_by: "test/actions/tokens.test.ts",
    find: "session.until_ms <= api.now_ms()",
    replace: "session.until_ms <= 0",
  },
])

const server = breaks({ file: "src/api/app.ts", noticed_by: door_test }, [
  {
    name: "a worker serves actions",
    promise: "akonis worker serves health and metrics only.",
    page: "README.md",
    find: 'if (serves === "health") return app',
    replace: "if (serves === undefined) return app",
  },
])

const listen = breaks({ file: "src/core/http/server/listen.ts", noticed_by: "test/http/listen.test.ts" }, [
  {
    name: "idle connections stay",
    promise: "A connection on which no request is under way is closed.",
    page: "CHANGELOG.md",
    find: "        self.timeout(request, idle_s)\n",
    replace: "",
  },
  {
    name: "a slow action is cut off",
    promise: "A request that takes long is not closed as idle.",
    find: "      self.timeout(request, 0)\n",
    replace: "",
  },
])

export const door: readonly Mutant[] = [
  ...bearer,
  ...api,
  ...actions,
  ...reserve,
  ...crowd,
  ...body,
  ...host,
  ...session,
  ...server,
  ...listen,
]
