/** Promises of `akonis check`: it says `ok` for nothing that it has not seen, and asks once. */
import { breaks } from "./mutant.ts"

const page = "docs/operations.md"
const noticed_by = "test/check/check.test.ts"
const situations = "test/check/situations.test.ts"

/** Promises of health about actions and about time. */
const healthy = [
  ...breaks({ file: "src/core/falcon/call-watch.ts", page, noticed_by: "test/http/call-watch.test.ts" }, [
    {
      name: "lookups hide a scope for changes that is missing",
      promise: "A 403 stays in health until a call with the same scopes succeeds.",
      find: "refused.delete(scopes)",
      replace: "refused.clear()",
    },
  ]),
  ...breaks({ file: "src/core/telemetry/health.ts", page, noticed_by: "src/core/telemetry/health.test.ts" }, [
    {
      name: "since is when somebody looked",
      promise: "`since` is when the plugin began to be as it is.",
      find: "if (status !== state.status) state.since_ms = now_ms",
      replace: "state.since_ms = now_ms",
    },
    {
      name: "all partitions are asked how they are whenever one has changed",
      promise: "A change of one partition does not cost more the more partitions there are.",
      find: "if (rank[told] < rank[state.status]) judge(state, now_ms)",
      replace: "if (rank[told] >= 0) judge(state, now_ms)",
    },
  ]),
  ...breaks({ file: "src/live.ts", page, noticed_by: "test/actions/health.test.ts" }, [
    {
      name: "wrong credentials show with the first action only",
      promise: "A token is asked for at the start.",
      find: "yield* Effect.forkIn(Effect.provide(firstToken, running.services), scope)",
      replace: "",
    },
  ]),
]

/** Promises about tokens that are bound to tenants. */
const bound = [
  ...breaks({ file: "src/api/tenants.ts", page, noticed_by: "test/actions/tenants.test.ts" }, [
    {
      name: "a bound token acts on any tenant",
      promise: "A token that is bound to tenants sees no other.",
      find: "if (!seen) return refuseWith(",
      replace: 'if (!seen && id === "") return refuseWith(',
    },
  ]),
  ...breaks({ file: "src/api/metrics.ts", page, noticed_by: "test/actions/tenants.test.ts" }, [
    {
      name: "a bound token reads the metrics of all tenants",
      promise: "A token that is bound to tenants sees no other in metrics.",
      find: "return id === undefined || maySee(caller, id)",
      replace: "return id === undefined || id.length > 0",
    },
  ]),
  ...breaks({ file: "src/api/health.ts", page, noticed_by: "test/actions/tenants.test.ts" }, [
    {
      name: "open health names tenants",
      promise: "The open /health names no tenant unless the configuration says so.",
      find: "if (viewer === undefined) return summedUp(tenants)",
      replace: 'if (viewer === undefined) return shown(tenants, "everybody")',
    },
  ]),
]

export const checks = [
  ...bound,
  ...healthy,
  ...breaks({ file: "src/core/sekoia/intake.ts", page, noticed_by }, [
    {
      name: "an intake key counts as verified when nothing was refused",
      promise: "The intake key is `ok` only where the intake has shown that it looks at keys.",
      find: 'if (Result.isFailure(stranger) && stranger.failure.reason === "unauthorized")',
      replace: "if (stranger !== undefined)",
    },
  ]),
  ...breaks({ file: "src/core/check/run-checks.ts", page: "docs/security.md", noticed_by }, [
    {
      name: "a check names the password of a URL",
      promise: "Passwords in URLs are hidden wherever a URL is shown.",
      find: "tried: withoutLogins(row.tried),",
      replace: "tried: row.tried,",
    },
  ]),
  ...breaks({ file: "src/core/config/schema-parts.ts", page: "docs/security.md", noticed_by }, [
    {
      name: "the password of a URL is no secret",
      promise: "Passwords in URLs are hidden wherever a URL is shown.",
      find: "    hidePasswordOf(url)\n",
      replace: "    void url\n",
    },
  ]),
  ...breaks({ file: "src/core/check/asset-check.ts", page, noticed_by }, [
    {
      name: "a key of the asset API counts as verified when nothing was refused",
      promise: "The key of the asset API is `ok` only where a made-up one is refused.",
      find: 'if (reasonOf(stranger) !== "unauthorized") return unverified(stranger)',
      replace: 'if (reasonOf(stranger) === "no_key") return unverified(stranger)',
    },
  ]),
  ...breaks({ file: "src/core/check/scope-check.ts", page, noticed_by }, [
    {
      name: "a change of nothing that is not refused proves the scope",
      promise: "A scope for changes that no call can prove is told as not known.",
      find: "? Effect.succeed(not_refused(String(error.status)))",
      replace: '? Effect.succeed(ok("granted"))',
    },
  ]),
  ...breaks({ file: "src/core/falcon/retry.ts", page, noticed_by }, [
    {
      name: "the check repeats what fails",
      promise: "Each row is one try.",
      find: "(yield* OneTry) ? 0 : retries_max",
      replace: "(yield* OneTry) ? retries_max : retries_max",
    },
  ]),
  ...breaks({ file: "src/core/check/there.ts", page, noticed_by: situations }, [
    {
      name: "a base_url of another cloud passes",
      promise: "The check names the base_url of the tenant's cloud.",
      find: "if (used === home) return",
      replace: "if (used !== undefined) return",
    },
  ]),
  ...breaks({ file: "src/core/http/client/fetch-error.ts", page, noticed_by: situations }, [
    {
      name: "a dead proxy counts as a dead host",
      promise: "A proxy that does not work is named as such.",
      find: "so ${host} was not asked`, true)",
      replace: "so ${host} was not asked`, false)",
    },
  ]),
]
