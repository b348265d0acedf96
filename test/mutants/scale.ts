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
    find: "Effect.sync(() => unanswered.add(purpose))",
    replace: "Effect.void",
  },
  {
    name: "a tenant that was answered stays among the dead",
    promise: "One answer, and a tenant has its share again.",
    find: "Effect.sync(() => unanswered.delete(purpose))",
    replace: "Effect.void",
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

const memory = breaks({ file: "src/core/delivery/batch-memory.ts", noticed_by: "test/delivery/tenants.test.ts" }, [
  {
    name: "partitions of one tenant hold as much each as the tenant may",
    promise: "The partitions of a tenant share its part of the memory.",
    find: "(partitions.get(tenant) ?? 1) * ",
    replace: "",
  },
])

export const scale = [...pools, ...tokens, ...memory]
