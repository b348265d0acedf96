/** Promises about indicators and STIX, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const reference = "docs/reference/actions.md"
const others = "An indicator of another source is never weakened nor deleted."
const push_test = "test/actions/iocs-push.test.ts"
const versions_test = "test/actions/iocs-versions.test.ts"
const patterns_test = "test/actions/iocs-patterns.test.ts"
const guards = "test/actions/iocs-guards.test.ts"

const push = breaks({ file: "src/plugins/iocs/push-indicators.ts", page: reference, noticed_by: guards }, [
  {
    name: "a deletion without an answer is undone",
    promise: "A deletion whose call broke off is unconfirmed.",
    noticed_by: "test/actions/odd-answers.test.ts",
    find: "in_doubt.includes(failure.reason)",
    replace: "in_doubt.length === 0",
  },
  {
    name: "expired indicators of others are deleted when Falcon's filter is wrong",
    promise: others,
    find: "(one) => isOurs(one) && one.expired === true",
    replace: "(one) => one.expired === true",
  },
  {
    name: "indicators that are not expired are deleted when Falcon's filter is wrong",
    promise: "Only those of ours that expired, grew old or were revoked are deleted.",
    find: "(one) => isOurs(one) && one.expired === true",
    replace: "(one) => isOurs(one)",
  },
  {
    name: "old indicators of others are deleted when Falcon's filter is wrong",
    promise: others,
    find: '(one) => isOurs(one) && (dayOf(one.modified_on) ?? "9")',
    replace: '(one) => (dayOf(one.modified_on) ?? "9")',
  },
  {
    name: "young indicators are deleted when Falcon's filter is wrong",
    promise: "valid_for removes only indicators of ours that were last changed that long ago.",
    find: '(dayOf(one.modified_on) ?? "9") <= day &&',
    replace: '(dayOf(one.modified_on) ?? "9") !== day &&',
  },
  {
    name: "an indicator without a date counts as old",
    promise: "valid_for removes only indicators of ours that were last changed that long ago.",
    find: '(dayOf(one.modified_on) ?? "9")',
    replace: '(dayOf(one.modified_on) ?? "0")',
  },
  {
    name: "what comes again is deleted for its age",
    promise: "An indicator that grew old stays when it comes again.",
    find: " && !wanted.wishes.has(keyOf(one))",
    replace: "",
  },
  {
    name: "a revocation deletes another source's indicator",
    promise: others,
    noticed_by: push_test,
    find: "else if (!isOurs(found)) {",
    replace: "else if (found.id === undefined) {",
  },
  {
    name: "objects of which none can be used are a success",
    promise: "A push of objects of which none can be used is no success: it sends nothing and says why.",
    noticed_by: versions_test,
    find: "objects.length > 0 && wanted.wishes.size === 0 && wanted.over.size === 0",
    replace: "objects.length < 0 && wanted.wishes.size === 0 && wanted.over.size === 0",
  },
])

const plan = breaks({ file: "src/plugins/iocs/merge-policy.ts", page: reference, noticed_by: push_test }, [
  {
    name: "a push weakens what blocks",
    promise: "What blocks goes on blocking.",
    find: "if (!stronger) return { change: ownChange(existing, wish) }",
    replace: "if (stronger || !stronger) return { change: ownChange(existing, wish) }",
  },
  {
    name: "a push weakens another source's indicator",
    promise: others,
    find: 'if (existing.expired === true || stronger || action === wish.action || action === "allow") {',
    replace: 'if (existing.expired === true || action === wish.action || action === "allow") {',
  },
  {
    name: "a push overrules an exception",
    promise: "What another source allows is left alone.",
    page: "src/plugins/iocs/merge-policy.ts",
    find: ' || action === "allow") {',
    replace: ") {",
  },
  {
    name: "somebody else's indicator becomes ours",
    promise: "One of another source keeps its source, tags and hosts.",
    noticed_by: "test/actions/iocs.test.ts",
    find: "return { change: foreignChange(existing, wish), reason }",
    replace: "return { change: { ...newIndicator(wish), ...ownChange(existing, wish) }, reason }",
  },
])

const existing = breaks({ file: "src/plugins/iocs/find-existing.ts", noticed_by: guards }, [
  {
    name: "indicators of the parent customer are changed",
    promise: "What belongs to the parent customer is left alone.",
    find: " && one.from_parent !== true",
    replace: "",
  },
  {
    name: "deleted indicators are there",
    promise: "A deleted indicator does not stand in the way of a new one.",
    find: "one.deleted !== true && ",
    replace: "",
  },
])

const one = breaks(
  { file: "src/plugins/iocs/upsert-indicator.ts", page: reference, noticed_by: "test/actions/iocs.test.ts" },
  [
    {
      name: "an expired indicator of others is replaced",
      promise: others,
      find: "if (existing?.expired !== true || !isOurs(existing))",
      replace: "if (existing?.expired !== true)",
    },
  ],
)

const remove = breaks({ file: "src/plugins/iocs/delete-indicators.ts", noticed_by: "test/actions/iocs-rows.test.ts" }, [
  {
    name: "what Falcon does not name as deleted counts as deleted",
    promise: "An id that is neither among the deleted nor in an error counts as not deleted.",
    noticed_by: "test/actions/unconfirmed.test.ts",
    find: '  idOf: (resource) => (typeof resource === "string" ? resource : undefined),',
    replace: "",
  },
])

const fql = breaks({ file: "src/plugins/iocs/fql.ts", noticed_by: "test/actions/iocs-fql.test.ts" }, [
  {
    name: "a value ends the quotes of its filter",
    promise: "Nothing in a value can end the quotes of a filter or act as a wildcard.",
    find: 'value.replaceAll(/[\\\\\'*]/g, "\\\\$&")',
    replace: "value",
  },
])

const stix_file = breaks(
  { file: "src/plugins/iocs/stix-file.ts", page: reference, noticed_by: "test/actions/iocs-files.test.ts" },
  [
    {
      name: "a STIX file may lie anywhere",
      promise: "A STIX file is read only below the tenant's data folder, wherever links lead.",
      find: "path.startsWith(`${folder}/`)",
      replace: 'path.startsWith("/") && folder !== ""',
    },
    {
      name: "a STIX path may climb",
      promise: "A path of a STIX file has no `..` and is not absolute.",
      find: '|| parts.includes("..")',
      replace: "",
    },
  ],
)

const pattern = breaks({ file: "src/plugins/iocs/stix-values.ts", noticed_by: patterns_test }, [
  {
    name: "what is bad only together with something else is blocked",
    promise: "Taken is only what condemns a value by itself: a conjunction is not.",
    find: "return oneFile(leaves(comparison))",
    replace: "return leaves(comparison).length > 0",
  },
  {
    name: "every operator is equality",
    promise: "Only = is taken; every other operator is not.",
    find: 'if (test.operator !== "=" || test.negated) {',
    replace: 'if (test.operator === "" || test.negated) {',
  },
  {
    name: "what a pattern excludes is blocked",
    promise: "A value that a pattern excludes with NOT is not taken.",
    find: 'if (test.operator !== "=" || test.negated) {',
    replace: 'if (test.operator !== "=") {',
  },
  {
    name: "types that were not asked for are pushed",
    promise: "A push for prevention takes hashes only.",
    page: reference,
    find: "if (!types.includes(type))",
    replace: "if (types.length < 0)",
  },
])

const parser = breaks({ file: "src/plugins/iocs/stix-pattern.ts", noticed_by: patterns_test }, [
  {
    name: "patterns without a bound in depth",
    promise: "Patterns are bounded in depth.",
    find: "if (++this.depth > iocs.pattern_depth_max) {",
    replace: "if (++this.depth > 1_000_000 * iocs.pattern_depth_max) {",
  },
  {
    name: "patterns without a bound in length",
    promise: "Patterns are bounded in length.",
    find: "if (pattern.length > iocs.pattern_chars_max) {",
    replace: "if (pattern.length > 1_000 * iocs.pattern_chars_max) {",
  },
  {
    name: "AND and OR bind alike",
    promise: "A pattern means what STIX says: AND binds before OR.",
    noticed_by: patterns_test,
    find: 'this.nested(() => this.chain("OR", "or", () => this.chain("AND", "and", () => this.comparison())))',
    replace: 'this.nested(() => this.chain("AND", "and", () => this.chain("OR", "or", () => this.comparison())))',
  },
])

const versions = breaks({ file: "src/plugins/iocs/stix-versions.ts", noticed_by: versions_test }, [
  {
    name: "the older version of an object counts",
    promise: "Of several versions of an object the one modified last counts.",
    find: "one.modified_ms > other.modified_ms",
    replace: "one.modified_ms < other.modified_ms",
  },
  {
    name: "a revocation of the same time does not count",
    promise: "Of two versions with the same time the revoked one counts.",
    find: "one.is_revoked && !other.is_revoked",
    replace: "!one.is_revoked && other.is_revoked",
  },
  {
    name: 'revoked: "true" is no revocation',
    promise: "revoked may be written as a text.",
    find: 'return text === "false" || text === "0" || text === "" ? false : undefined',
    replace: "return false",
  },
])

const objects = breaks({ file: "src/plugins/iocs/stix-objects.ts", noticed_by: versions_test }, [
  {
    name: "what has ended goes on blocking",
    promise: "The values of an object that has ended are removed, as far as they are ours.",
    find: "until_ms !== undefined && until_ms <= now_ms",
    replace: "until_ms !== undefined && until_ms < 0 * now_ms",
  },
  {
    name: "what another object still names is removed",
    promise: "A value that another object still names stays.",
    find: "    if (!wishes.has(key)) continue\n    over.delete(key)\n",
    replace: "    if (!wishes.has(key)) continue\n",
  },
])

const value = breaks({ file: "src/plugins/iocs/ioc-value.ts", noticed_by: "test/actions/iocs.test.ts" }, [
  {
    name: "a CIDR range is an address",
    promise: "A CIDR range is never taken for an address.",
    page: reference,
    find: 'value.includes("/") ?',
    replace: 'value.includes("//") ?',
  },
  {
    name: "a hash of any length is one",
    promise: "A value is refused unless it fits its type.",
    find: "value.length === digits && ",
    replace: "",
  },
])

const odd = breaks({ file: "src/plugins/iocs/indicator.ts", noticed_by: "test/actions/odd-answers.test.ts" }, [
  {
    name: "an indicator with an odd field is not there",
    promise: "An indicator is there by its id alone.",
    find: 'if (unread.includes("id")) return undefined',
    replace: "if (unread.length > 0) return undefined",
  },
])

const rows = breaks({ file: "src/plugins/iocs/write-rows.ts", noticed_by: "test/actions/iocs-push-rows.test.ts" }, [
  {
    name: "one bad row fails the rest",
    promise: "One bad row never fails the rest: the group is halved until it stands alone.",
    find: "else waiting.unshift(...halves(rest))",
    replace: "else fail(rest, refusal.status ?? 400, reasonOf(refusal))",
  },
  {
    name: "writing goes on when Falcon refuses everybody",
    promise: "After a refusal that meets every call the rest is not tried.",
    noticed_by: "test/actions/iocs-rows.test.ts",
    find: "if (isPointless(refusal)) stopped = refusal",
    replace: "if (isPointless(refusal)) stopped = undefined",
  },
])

export const iocs: readonly Mutant[] = [
  ...push,
  ...plan,
  ...existing,
  ...one,
  ...remove,
  ...fql,
  ...stix_file,
  ...pattern,
  ...parser,
  ...versions,
  ...objects,
  ...value,
  ...odd,
  ...rows,
]
