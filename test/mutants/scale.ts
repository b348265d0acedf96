/** What tenants of one process share, and must not take from each other. */
import { breaks } from "./mutant.ts"

const pools = breaks({ file: "src/core/http/client/pools.ts", noticed_by: "test/http/pools.test.ts" }, [
  {
    name: "a connection is never given back",
    promise: "A place is free again once its request ends or is interrupted.",
    find: "return yield* Effect.ensuring(pool.using(clock, request.url, restore(exchange)), releaseAll(held))",
    replace: "return yield* pool.using(clock, request.url, restore(exchange))",
  },
  {
    name: "tenants together open more connections than there are",
    promise: "However many tenants there are, the runtime carries what is under way.",
    find: "            shared.requests[purpose],\n",
    replace: "",
  },
  {
    name: "dead intakes take the connections of all",
    promise: "Tenants whose intakes do not answer hold few connections.",
    page: "docs/operations.md",
    find: "Effect.sync(() => unanswered.add(asked))",
    replace: "Effect.void",
  },
  {
    name: "a tenant that was answered stays among the dead",
    promise: "One answer, and a tenant has its share again.",
    find: "Effect.sync(() => unanswered.delete(asked))",
    replace: "Effect.void",
  },
  {
    name: "one dead host holds up requests to all",
    promise: "A host that has not answered holds up no request to another one.",
    page: "docs/operations.md",
    find: "`${purpose} ${hostOf(request.url)}`",
    replace: "`${purpose}`",
    noticed_by: "test/http/places.test.ts",
  },
])

const tokens = breaks({ file: "src/core/falcon/token-rates.ts", noticed_by: "test/http/token-rates.test.ts" }, [
  {
    name: "each tenant asks for tokens as if it were alone",
    promise: "All tenants of a process together ask for at most 300 tokens a minute.",
    page: "docs/operations.md",
    find: "    rates.set(host, made)\n",
    replace: "",
  },
  {
    name: "one cloud that has counted too many tokens holds up the others",
    promise: "Budgets of token endpoints are by host.",
    find: "rates.get(host)",
    replace: 'rates.get(rates.keys().next().value ?? "")',
  },
])

const memory = breaks(
  { file: "src/core/delivery/batch-memory.ts", noticed_by: "src/core/delivery/batch-memory.test.ts" },
  [
    {
      name: "partitions of one tenant hold as much each as the tenant may",
      promise: "The partitions of a tenant share its part of the memory.",
      find: "(partitions.get(tenant) ?? 1) * ",
      replace: "",
    },
  ],
)

const configuration = breaks(
  {
    page: "docs/reference/configuration.md",
    file: "src/core/config/tenants.ts",
    noticed_by: "src/core/config/load.test.ts",
  },
  [
    {
      name: "two tenants may have one id",
      promise: "Each tenant has a folder of its own.",
      page: "docs/operations.md",
      find: "if (twice >= 0) {",
      replace: "if (twice >= 1_000) {",
    },
    {
      name: "unknown keys are passed over",
      promise: "Unknown keys stop the start.",
      find: "if (stray === undefined) return",
      replace: 'if (stray !== "") return',
    },
  ],
)

const children = [
  ...breaks({ file: "src/core/flight-control/belief.ts", noticed_by: "test/flight-control/follow.test.ts" }, [
    {
      name: "children are gone when Falcon says so once",
      promise: "A list that has become empty is believed when Falcon has said so five times.",
      page: "docs/operations.md",
      find: "const kept = absent.filter((cid) => times(cid) < needed)",
      replace: "const kept = absent.filter((cid) => times(cid) < 1)",
    },
    {
      name: "children lose their names when these cannot be had",
      promise: "A name of a child that cannot be had is as it was.",
      page: "src/core/flight-control/belief.ts",
      find: 'name || (known.get(cid) ?? "")',
      replace: "name",
    },
    {
      name: "a child is gone because somebody has reloaded twice",
      promise: "Listings that reloads bring within a minute count as one.",
      page: "docs/operations.md",
      find: "now_ms - this.counted_ms < limits.doubt_ms ? 0 : 1",
      replace: "now_ms - this.counted_ms < 0 ? 0 : 1",
    },
  ]),
  ...breaks({ file: "src/core/falcon/retry.ts", noticed_by: "test/flight-control/follow.test.ts" }, [
    {
      name: "health waits for the last try",
      promise: "Each failed try that is repeated is told: health says at the first one that children cannot be listed.",
      find: "      yield* (yield* FailedTry)(error)\n",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/core/flight-control/list-children.ts", noticed_by: "test/flight-control/follow.test.ts" }, [
    {
      name: "a part of the list of children counts as the whole",
      promise: "A list that ends before its total says nothing about who is gone.",
      find: "if (read < Math.min(total, limits.children_max))",
      replace: "if (read < 0)",
    },
    {
      name: "children beyond those that are followed count as gone",
      promise: "A list that is not the whole one says nothing about who is gone.",
      find: "next !== undefined || read > limits.children_max",
      replace: "read > limits.children_max",
    },
    {
      name: "a full page without a word about others is the whole list",
      promise: "A list that is not the whole one says nothing about who is gone.",
      find: '["unpaged", is_open]',
      replace: '["unpaged", is_open && read < 0]',
    },
  ]),
  ...breaks(
    {
      file: "src/core/config/children.ts",
      page: "docs/operations.md",
      noticed_by: "src/core/config/children.test.ts",
    },
    [
      {
        name: "one child's own client secret keeps all others from coming",
        promise: "A child that cannot be started is named in health, and the others go on.",
        find: "with_own_secret.has(cid) ? tenant.credentials : []",
        replace: "[]",
      },
      {
        name: "a mistake about a child is told when that child comes",
        promise: "A mistake in an entry stops the start, even where Falcon does not list that child yet.",
        find: '["0".repeat(32), ...not_there]',
        replace: '["0".repeat(32)]',
      },
    ],
  ),
  ...breaks({ file: "src/api/tenants.ts", noticed_by: "test/flight-control/process.test.ts" }, [
    {
      name: "the last child is the default tenant",
      promise: "There is no default tenant where children come and go.",
      page: "docs/operations.md",
      find: "  if (!api.several) return app",
      replace: "  if (api.tenants.length === 1) return app",
    },
  ]),
  ...breaks({ file: "src/core/actions/name-tenant.ts", noticed_by: "test/actions/tenants.test.ts" }, [
    {
      name: "an answer does not say whose hosts it is about",
      promise: "With several tenants every answer of an action names its tenant.",
      page: "docs/operations.md",
      find: "answer: { ...executed.answer, tenant }",
      replace: "answer: executed.answer",
    },
  ]),
]

export const scale = [...pools, ...tokens, ...memory, ...configuration, ...children]
