/** Promises about what is kept of actions: the idempotency journal and the audit log, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const disk = "test/actions/records-on-disk.test.ts"
const audit_test = "test/actions/audit.test.ts"
const books = "test/actions/books.test.ts"
const on_disk = "What an action is about to do is on the disk before it goes to Falcon; its end follows."
const a_day = "An Idempotency-Key replays the first answer for a day, also after a restart."
const a_line =
  "Every action that changes something leaves one line in the audit log: who, what, ids, outcome, trace ids."
const nothing_runs = "While the audit log cannot be written, nothing that changes something runs."
const never_dropped = "A line of the audit log is never dropped without a trace."

const beside = breaks(
  {
    file: "src/core/actions/idempotency.ts",
    noticed_by: "test/actions/journal-beside.test.ts",
    page: "docs/operations.md",
  },
  [
    {
      name: "a key that a shell used is nobody's at the server",
      promise: "A key acts once, whichever process of a folder it is used in.",
      find: "return Effect.map(absorb, () => entries.get(id))",
      replace: "return Effect.map(Effect.void, () => entries.get(id))",
    },
    {
      name: "a journal is written anew while a shell adds to it",
      promise: "A key acts once, whichever process of a folder it is used in.",
      find: "yield* owner ? add : inTurn(fs, turn, add)",
      replace: "yield* add",
    },
    {
      name: "what a shell began before the server was started is in doubt for ever",
      promise: "A key acts once, whichever process of a folder it is used in.",
      find: "        elsewhere.add(entry)\n      }\n      if",
      replace: "      }\n      if",
    },
    {
      name: "what a shell could not do is in doubt for ever",
      promise: "A key under which nothing was done may be used again.",
      find: "if (elsewhere.has(entry) && !keys.has(key)) remove(key, entry)",
      replace: "if (elsewhere.has(entry) && key === undefined) remove(key, entry)",
    },
  ],
)

const journal = breaks({ file: "src/core/actions/idempotency.ts", noticed_by: disk }, [
  {
    name: "no fsync of the journal",
    promise: on_disk,
    find: "const add = appendDurably(data_dir, file_name, text, safe_names)",
    replace:
      'const add = Effect.orDie(Effect.scoped(Effect.flatMap(fs.open(`${data_dir}/${file_name}`, { flag: "a" }), (file) => file.writeAll(new TextEncoder().encode(text)))))',
  },
  {
    name: "the beginning of an action is not waited for",
    promise: on_disk,
    find: "yield* Effect.catch(append(beginning(entry)), (error) => {",
    replace:
      "if (entry.hash !== null) return { end: (reply, is_final) => end(id, entry, reply, is_final) }\n      yield* Effect.catch(append(beginning(entry)), (error) => {",
  },
  {
    name: "a beginning that the disk does not take lets the action run",
    promise: nothing_runs,
    find: "return Effect.andThen(release, Effect.fail(refusal))",
    replace: "return Effect.andThen(release, refusal === undefined ? Effect.fail(refusal) : Effect.void)",
  },
  {
    name: "a key is forgotten at the start",
    promise: a_day,
    page: "README.md",
    find: "      entries.set(entry.key, entry)\n",
    replace: "",
  },
  {
    name: "what a crash left under way counts as never begun",
    promise: "A beginning without an end is an action that a crash cut off: its key answers 409.",
    find: '        entry.state = "doubt"\n',
    replace: "        continue\n",
  },
  {
    name: "what a crash left under way is not on record",
    promise: "The audit log gets a line that says unknown for an action that a crash cut off.",
    find: "if (entry.audit !== undefined) yield* audit.write(cutOff(entry.audit, now_ms))",
    replace: "if (entry.audit === null) yield* audit.write(cutOff(entry.audit, now_ms))",
  },
  {
    name: "the journal is written anew without its answers",
    promise: a_day,
    find: "[...entries.values()].map(linesOf)",
    replace: '[...entries.values()].map((entry) => linesOf({ ...entry, reply: "{}" }))',
  },
  {
    name: "an end is not on the disk",
    promise: on_disk,
    find: 'yield* Effect.catch(append({ t: "end", id: entry.id, ...stored }), (error) =>',
    replace:
      'yield* Effect.catch(Effect.asVoid(Effect.succeed({ t: "end", id: entry.id, ...stored })), (error: { message: string }) =>',
  },
  {
    name: "the same key with other arguments gets the answer",
    promise: "The same key with other arguments is a conflict.",
    noticed_by: audit_test,
    find: "if (known.hash !== attempt.hash) {",
    replace: "if (known.hash === undefined) {",
  },
  {
    name: "a request does not wait for the one with the same key",
    promise: "A second request with the same key waits for the first and gives its answer.",
    noticed_by: audit_test,
    find: "if (running !== undefined) return Effect.interruptible(Deferred.await(running))",
    replace: "if (running === null) return Effect.interruptible(Deferred.await(running))",
  },
  {
    name: "one caller's keys fill the room of all",
    promise: "Nobody's keys may use up the room of others.",
    noticed_by: books,
    find: "if (entry.owner === owner) keys++",
    replace: "if (owner !== entry.id) keys++",
  },
  {
    name: "keys without a bound",
    promise: "A caller has at most 10 000 keys remembered.",
    noticed_by: books,
    find: "keysOf(entries, attempt.owner) >= journal.keys_per_caller_max",
    replace: "keysOf(entries, attempt.owner) >= 1_000 * journal.keys_per_caller_max",
  },
  {
    name: "keys of this process are never forgotten",
    promise: "A key lives a day, by the clock that is never set.",
    find: "if (known_ms >= bounds.key_life_ms) return true",
    replace: "if (known_ms < 0) return true",
  },
  {
    name: "a clock that is wrong at the start forgets keys",
    promise: "Just after a start the clock may be wrong: what looks old is kept for a while.",
    noticed_by: books,
    find: "known_ms >= journal.settle_ms && now_ms",
    replace: "now_ms",
  },
  {
    name: "the keys of damaged lines are free again",
    promise: "Keys that stand in lines which cannot be read answer 409.",
    page: "docs/operations.md",
    noticed_by: books,
    find: '?? "").slice(-journal.damaged_chars_max)',
    replace: '?? "").slice(0, read.damaged.length > 0 ? journal.damaged_chars_max : 0)',
  },
  {
    name: "damaged lines are thrown away",
    promise: "Lines of the journal that cannot be read are set aside in idempotency.damaged.ndjson.",
    page: "docs/operations.md",
    noticed_by: books,
    find: '      yield* appendDurably(data_dir, damaged_name, `${read.damaged.join("\\n")}\\n`)\n',
    replace: "",
  },
  {
    name: "an opening that failed is remembered",
    promise: "A journal that cannot be opened is tried again by the next action.",
    page: "docs/operations.md",
    noticed_by: books,
    find: ").pipe(Semaphore.withPermits(one_opening, 1))",
    replace: ").pipe(Semaphore.withPermits(one_opening, 1), Effect.cached, Effect.runSync)",
  },
])

const journal_file = breaks({ file: "src/core/actions/idempotency-file.ts", noticed_by: disk }, [
  {
    name: "a torn line makes the whole journal unreadable",
    promise: "A line that cannot be read costs the others nothing.",
    find: "else damaged.push(line)",
    replace: "else entries.clear()",
  },
])

const execute = breaks({ file: "src/core/actions/execute.ts", noticed_by: audit_test }, [
  {
    name: "the answers of a token go to whoever gets its name",
    promise: "Answers belong to a token and not to its name.",
    find: "  token === undefined\n    ? Effect.succeed(name)",
    replace: "  token !== null\n    ? Effect.succeed(name)",
  },
  {
    name: "read-only mode lets changes through",
    promise: "server.read_only refuses whatever changes something.",
    page: "README.md",
    find: "if (asked.read_only && action.changes) {",
    replace: "if (asked.read_only && !action.changes) {",
  },
  {
    name: "what read-only mode refuses is on no record",
    promise: a_line,
    page: "README.md",
    find: "      yield* auditRefusal(tenant, action, args, asked, refusal)\n      return yield* refusal\n",
    replace: "      return yield* refusal\n",
  },
  {
    name: "a dry run acts",
    promise: "dry_run answers the exact requests that would be sent and sends none.",
    page: "README.md",
    find: "if (asked.dry_run) {",
    replace: "if (asked.dry_run && !action.changes) {",
  },
  {
    name: "changes leave no audit line",
    promise: a_line,
    page: "README.md",
    find: "yield* tenant.audit.write(withOutcome(line, action, exit, reply, yield* isoNow))",
    replace: "if (!action.changes) yield* tenant.audit.write(withOutcome(line, action, exit, reply, yield* isoNow))",
  },
  {
    name: "actions run while the audit log cannot be written",
    promise: nothing_runs,
    page: "docs/operations.md",
    find: "const journal = Effect.andThen(audit.ready, open).pipe(",
    replace: "const journal = Effect.andThen(Effect.void, open).pipe(",
  },
  {
    name: "health is silent about an audit log that cannot be written",
    promise: "Health fails while the audit log or the journal cannot be used.",
    find: "Effect.tapError(({ message }) => tell(",
    replace: 'Effect.tapError(({ message }) => message !== "" ? Effect.void : tell(',
  },
  {
    name: "a key is bound to no action",
    promise: "An Idempotency-Key belongs to its caller and its action.",
    find: "JSON.stringify([owner, action.slug, asked.idempotency_key])",
    replace: "JSON.stringify([asked.idempotency_key])",
  },
])

const audit = breaks({ file: "src/core/actions/audit.ts", noticed_by: disk }, [
  {
    name: "no fsync of the audit log",
    promise: "A line of the audit log is on the disk before the answer is given.",
    find: 'yield* appendDurably(data_dir, file_name, waiting.join(""), safe_names)',
    replace:
      'yield* Effect.orDie(Effect.scoped(Effect.flatMap(fs.open(`${data_dir}/${file_name}`, { flag: "a" }), (file) => file.writeAll(new TextEncoder().encode(waiting.join(""))))))',
  },
  {
    name: "a line that the disk does not take is dropped",
    promise: "What the disk does not take now is kept and written before the next action may run.",
    find: '    const lines = waiting.length\n    yield* appendDurably(data_dir, file_name, waiting.join(""), safe_names)\n    waiting.splice(0, lines)\n',
    replace:
      '    const lines = waiting.length\n    yield* appendDurably(data_dir, file_name, waiting.splice(0, lines).join(""), safe_names)\n',
  },
  {
    name: "rotation overwrites the earlier files",
    promise: never_dropped,
    find: "for (let n = bounds.files_max - 1; n >= 0; n--) {",
    replace: "for (let n = 0; n < bounds.files_max; n++) {",
  },
  {
    name: "rotation throws the file away",
    promise: never_dropped,
    find: "if (yield* fs.exists(from)) yield* fs.rename(from, `${data_dir}/${putAside(n + 1)}`)",
    replace:
      "if (yield* fs.exists(from)) yield* n === 0 ? fs.remove(from) : fs.rename(from, `${data_dir}/${putAside(n + 1)}`)",
  },
  {
    name: "the audit log grows without a bound",
    promise: "The audit log is put aside at 32 MiB.",
    page: "docs/operations.md",
    noticed_by: books,
    find: "size.size < BigInt(bounds.file_bytes_max)",
    replace: "size.size >= 0n",
  },
  {
    name: "the oldest file goes without a word",
    promise: never_dropped,
    page: "docs/operations.md",
    noticed_by: books,
    find: 'if (oldest) waiting.push(own(clock, "the oldest file of the audit log was removed to make room"))',
    replace: "if (oldest) waiting.splice(0, 0)",
  },
  {
    name: "a process beside the owner rotates",
    promise: "Only the process that holds the folder's lock rotates the audit log.",
    find: "if (owner && lines > 0) yield* rotate",
    replace: "if (owner !== undefined && lines > 0) yield* rotate",
  },
  {
    name: "one caller's refusals fill the log",
    promise: "Refusals of one caller beyond 50 in an hour are not written one by one.",
    page: "docs/operations.md",
    noticed_by: books,
    find: "if (seen.lines++ < bounds.refusals_max) return true",
    replace: "if (seen.lines++ >= 0) return true",
  },
  {
    name: "refusals that are summed up are not told",
    promise: "A line says how many refusals of a caller were not written.",
    page: "docs/operations.md",
    noticed_by: books,
    find: "if (more > 0) waiting.push(",
    replace: "if (more < 0) waiting.push(",
  },
  {
    name: "a secret in a line changes its structure",
    promise: "Redaction never changes the structure of an audit line.",
    noticed_by: books,
    find: '`${JSON.stringify(line, (_, value: unknown) => (typeof value === "string" ? redact(value) : value))}\\n`',
    replace: "`${redact(JSON.stringify(line))}\\n`",
  },
])

const line = breaks({ file: "src/core/actions/audit-line.ts", noticed_by: audit_test }, [
  {
    name: "an argument is cut before its secrets are replaced",
    promise: "A secret in an argument that is cut for the audit log leaves no piece.",
    page: "docs/security.md",
    noticed_by: "test/actions/http.test.ts",
    find: 'redact(typeof value === "string" ? value : JSON.stringify(value))',
    replace: 'typeof value === "string" ? value : JSON.stringify(value)',
  },
  {
    name: "the audit line names nobody",
    promise: a_line,
    page: "README.md",
    find: "who: asked.caller.name,",
    replace: 'who: "",',
  },
  {
    name: "an unknown outcome is put down as a failure",
    promise: "An outcome that nobody can tell is unknown in the audit log, and no failure.",
    find: 'outcome: isFinal(action, exit) ? "unknown" : "failed"',
    replace: 'outcome: isFinal(action, exit) ? "failed" : "failed"',
  },
  {
    name: "the audit line leaves out the ids",
    promise: a_line,
    page: "README.md",
    find: "if (is_about || isRows(value)) ids.push(...namesIn(value))",
    replace: "if (is_about && isRows(value)) ids.push(...namesIn(value))",
  },
])

const response = breaks({ file: "src/core/actions/response.ts", noticed_by: audit_test }, [
  {
    name: "what a server says of one id is shown as it came",
    promise: "Text from elsewhere reaches no answer with what steers a terminal.",
    page: "docs/security.md",
    noticed_by: "test/actions/http.test.ts",
    find: "outcome.errors.map(withCleanText)",
    replace: "outcome.errors",
  },
  {
    name: "a change whose outcome is unknown may be repeated under its key",
    promise: "A change that may have happened is never repeated by its key.",
    page: "README.md",
    find: "return error instanceof FalconError ? !mayRepeat(action, error) : action.changes",
    replace: "return error instanceof FalconError ? false : action.changes",
  },
])

const watching = breaks({ file: "src/core/actions/execute.ts", page: "docs/operations.md" }, [
  {
    name: "records that can be used again are noticed by nobody",
    promise: "An audit log or a journal that cannot be used is tried again every 30 seconds.",
    noticed_by: "test/actions/records-recover.test.ts",
    find: "(is_unusable ? Effect.ignore(journal) : Effect.void)",
    replace: "(is_unusable ? Effect.void : Effect.ignore(journal))",
  },
])

const sums = breaks({ file: "src/core/actions/audit.ts", page: "docs/operations.md" }, [
  {
    name: "a process that ends forgets the refusals that it counted",
    promise: "Refusals that were only counted are written when the process is stopped.",
    noticed_by: "test/actions/books.test.ts",
    find: "sumUp(monotonicMs(clock), true)",
    replace: "sumUp(monotonicMs(clock))",
  },
])

export const records: readonly Mutant[] = [
  ...beside,
  ...journal,
  ...journal_file,
  ...execute,
  ...audit,
  ...watching,
  ...sums,
  ...line,
  ...response,
]
