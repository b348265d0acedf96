/**
 * A model of a cluster's database: its tables, and what each statement of `src/core/cluster` that a stream needs does to them, whole, one
 * after the other. What a promise hangs on (the epoch that is compared, the one that a claim takes, the offset that only grows) is read from
 * the text of the statement: one that is broken is broken here, too. A statement that it does not know is an error.
 */

export type Row = Readonly<Record<string, unknown>>

/** What is told of changes; `by` is whoever asked, as {@link makeStore} was given it. */
export interface StoreWatcher<By> {
  /** A unit has been claimed. */
  readonly onClaimed?: (by: By, epoch: number) => void
  /** Nothing was stored, since the epoch of the statement is over. */
  readonly onFenced?: (by: By) => void
  /** An offset is stored from now on. */
  readonly onCommitted?: (by: By, partition: string, offset: number) => void
  /** A file has changed; `bytes`: what was added to it. */
  readonly onWritten?: (by: By, name: string, bytes: Uint8Array) => void
}

/** Carries out a statement with its parameters, and gives its rows. */
export type ModelStore<By> = (text: string, params: readonly unknown[], by: By) => readonly Row[]

interface StoredFile {
  readonly id: number
  parts: Uint8Array[]
}

/** A statement as it came: the parts of its text that matter, and its parameters, which are taken in order. */
interface Said<By> {
  readonly parts: readonly (string | undefined)[]
  readonly param: () => unknown
  readonly by: By
}

type Rule<By> = readonly [RegExp, (said: Said<By>) => readonly Row[]]

/** What {@link makeStore} takes for a fence: the first two words that are caught say whether a unit is asked for, and whether its epoch is. */
const held = "SELECT 1 AS held( FROM akonis_units WHERE unit = \\$\\d+( AND epoch = \\$\\d+::bigint)? FOR SHARE)?"
const form = (text: string): RegExp => new RegExp(`^${text.replace("HELD", `WITH held AS \\(${held}\\)`)}`)

export const makeStore = <By>({ onClaimed, onFenced, onCommitted, onWritten }: StoreWatcher<By>): ModelStore<By> => {
  const epochs = new Map<string, number>()
  /** By tenant and partition. */
  const offsets = new Map<string, number>()
  /** By tenant and name. */
  const files = new Map<string, StoredFile>()
  let ids = 0

  const key = (...names: unknown[]): string => names.join("\n")
  const within = (map: ReadonlyMap<string, unknown>, tenant: unknown): readonly string[] =>
    [...map.keys()].filter((one) => one.startsWith(key(tenant, ""))).map((one) => one.slice(key(tenant, "").length))
  const fileOf = (id: unknown) => [...files.values()].find((file) => file.id === Number(id))
  const bytesOf = (file: StoredFile): Buffer => Buffer.concat(file.parts)

  /** Whether the fence of a statement lets it through. */
  const isHeld = ({ parts: [asks, compares], param, by }: Said<By>): boolean => {
    if (asks === undefined) return true
    const epoch = epochs.get(String(param()))
    const is_held = epoch !== undefined && (compares === undefined || Number(param()) === epoch)
    if (!is_held) onFenced?.(by)
    return is_held
  }

  const rules: readonly Rule<By>[] = [
    [
      /^INSERT INTO akonis_units AS u .* DO UPDATE SET epoch = u\.epoch( \+ 1)?, /,
      ({ parts: [takes_next], param, by }) => {
        const unit = String(param())
        const before = epochs.get(unit)
        const epoch = before === undefined ? 1 : before + (takes_next === undefined ? 0 : 1)
        epochs.set(unit, epoch)
        onClaimed?.(by, epoch)
        return [{ epoch: String(epoch) }]
      },
    ],
    [
      /^SELECT partition, last_offset::text FROM akonis_offsets WHERE tenant = \$1$/,
      ({ param }) => {
        const tenant = param()
        return within(offsets, tenant).map((partition) => ({
          partition,
          last_offset: String(offsets.get(key(tenant, partition))),
        }))
      },
    ],
    [
      form(
        "HELD INSERT INTO akonis_offsets AS o .* SET last_offset = (GREATEST\\(o\\.last_offset, )?excluded\\.last_offset",
      ),
      (said) => {
        if (!isHeld(said)) return []
        const [tenant, partition, offset] = [said.param(), String(said.param()), Number(said.param())]
        const of = key(tenant, partition)
        const only_grows = said.parts[2] !== undefined
        const stored = only_grows ? Math.max(offsets.get(of) ?? -1, offset) : offset
        offsets.set(of, stored)
        onCommitted?.(said.by, partition, stored)
        return [{ partition, last_offset: String(stored) }]
      },
    ],
    [
      /^SELECT id::text, size::text, .* FROM akonis_files WHERE tenant = \$1 AND name = \$2$/,
      ({ param }) => {
        const file = files.get(key(param(), param()))
        return file === undefined ? [] : [{ id: String(file.id), size: String(bytesOf(file).length), changed_ms: 0 }]
      },
    ],
    [
      /^SELECT bytes FROM akonis_file_parts WHERE file = \$1::bigint ORDER BY seq$/,
      ({ param }) => (fileOf(param())?.parts ?? []).map((bytes) => ({ bytes })),
    ],
    [
      /^SELECT substring\(bytes .* WHERE file = \$1::bigint .* LIMIT 1$/,
      ({ param }) => {
        const file = fileOf(param())
        const bytes = file === undefined ? Buffer.alloc(0) : bytesOf(file)
        return bytes.length === 0 ? [] : [{ byte: bytes.subarray(-1) }]
      },
    ],
    [
      form(
        "HELD, f AS \\(INSERT INTO akonis_files .* SET size = (f\\.size \\+ )?excluded\\.size.* INSERT INTO akonis_file_parts ",
      ),
      (said) => {
        if (!isHeld(said)) return []
        const [tenant, name] = [said.param(), String(said.param())]
        said.param()
        const bytes = Uint8Array.from(said.param() as Uint8Array)
        const appends = said.parts[2] !== undefined
        const file = files.get(key(tenant, name)) ?? { id: ++ids, parts: [] }
        file.parts = appends ? [...file.parts, bytes] : [bytes]
        files.set(key(tenant, name), file)
        onWritten?.(said.by, name, bytes)
        return [{ file: String(file.id) }]
      },
    ],
    [
      form("HELD, source AS \\(SELECT id FROM akonis_files .*UPDATE akonis_files SET name = "),
      (said) => {
        if (!isHeld(said)) return [{ is_held: false, is_there: false }]
        const from = key(said.param(), said.param())
        const to = key(said.param(), said.param())
        const file = files.get(from)
        if (file === undefined) return [{ is_held: true, is_there: false }]
        files.delete(from)
        files.set(to, file)
        onWritten?.(said.by, to.slice(to.indexOf("\n") + 1), bytesOf(file))
        return [{ is_held: true, is_there: true }]
      },
    ],
    [
      form("HELD DELETE FROM akonis_files WHERE "),
      (said) => {
        if (!isHeld(said)) return []
        const of = key(said.param(), said.param())
        const file = files.get(of)
        files.delete(of)
        return file === undefined ? [] : [{ id: String(file.id) }]
      },
    ],
    [
      /^SELECT name FROM akonis_files WHERE tenant = \$1 AND starts_with\(name, \$2\) ORDER BY name$/,
      ({ param }) => {
        const [tenant, beginning] = [param(), String(param())]
        const names = within(files, tenant).filter((name) => name.startsWith(beginning))
        return names.toSorted().map((name) => ({ name }))
      },
    ],
  ]

  return (text, params, by) => {
    const line = text.replace(/\s+/g, " ").replace(/\( /g, "(").replace(/ \)/g, ")").trim()
    for (const [rule, carryOut] of rules) {
      const found = rule.exec(line)
      if (found === null) continue
      const left = params[Symbol.iterator]()
      return carryOut({ parts: found.slice(1), param: () => left.next().value, by })
    }
    throw new Error(`the model of the database does not know this statement: ${line}`)
  }
}
