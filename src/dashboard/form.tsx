/** A form made from a JSON schema: what an action takes, as its declaration says it. */
import { Prose } from "./parts.tsx"
import { words } from "./words.ts"

export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
}

/** What was typed, by argument: the text of a field, or whether a box is ticked. */
export type Typed = Readonly<Record<string, string | boolean>>

type Kind = "text" | "number" | "switch" | "choice" | "lines" | "json"

const kindOf = (schema: Schema): Kind => {
  if (schema.enum !== undefined) return "choice"
  if (schema.type === "boolean") return "switch"
  if (schema.type === "integer" || schema.type === "number") return "number"
  if (schema.type === "string") return "text"
  if (schema.type === "array" && schema.items?.type === "string") return "lines"
  return "json"
}

const fieldsOf = (schema: Schema): readonly (readonly [string, Schema, boolean])[] =>
  Object.entries(schema.properties ?? {}).map(([name, one]) => [name, one, (schema.required ?? []).includes(name)])

/** The arguments that were typed; what is empty is left out. Throws with the field's name where it holds no JSON. */
export const argumentsOf = (schema: Schema, typed: Typed): Record<string, unknown> => {
  const args: Record<string, unknown> = {}
  for (const [name, one] of fieldsOf(schema)) {
    const given = typed[name]
    if (given === undefined || given === "") continue
    args[name] = typeof given === "boolean" ? given : valueIn(name, kindOf(one), one, given)
  }
  return args
}

const valueIn = (name: string, kind: Kind, schema: Schema, text: string): unknown => {
  if (kind === "number") return Number(text)
  if (kind === "choice") return schema.enum!.find((value) => String(value) === text)
  if (kind === "lines") {
    return text
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter((line) => line !== "")
  }
  if (kind !== "json") return text
  try {
    return JSON.parse(text)
  } catch {
    // A bare word is a text where the schema takes one of several kinds.
    if (schema.anyOf !== undefined && !/^[[{"]/.test(text.trim())) return text
    throw new Error(`${words(name)}: this is no JSON`)
  }
}

/** A value as it is typed, for an example to begin with. */
export const typedOf = (schema: Schema, example: unknown): Typed =>
  Object.fromEntries(
    fieldsOf(schema).flatMap(([name, one]): readonly (readonly [string, string | boolean])[] => {
      const value = (example as Record<string, unknown> | undefined)?.[name]
      if (value === undefined) return []
      const kind = kindOf(one)
      if (kind === "switch") return [[name, value === true]]
      if (kind === "lines" && Array.isArray(value)) return [[name, value.join("\n")]]
      return [[name, typeof value === "string" ? value : JSON.stringify(value, null, 2)]]
    }),
  )

export const Form = ({
  schema,
  typed,
  wrong,
  onType,
}: {
  readonly schema: Schema
  readonly typed: Typed
  /** What the server says of an argument, by its name. */
  readonly wrong: Readonly<Record<string, string>>
  readonly onType: (typed: Typed) => void
}) => (
  <>
    {fieldsOf(schema).map(([name, one, is_required]) => (
      <Field
        key={name}
        name={name}
        schema={one}
        is_required={is_required}
        value={typed[name]}
        wrong={wrong[name]}
        onValue={(value) => onType({ ...typed, [name]: value })}
      />
    ))}
  </>
)

interface FieldProps {
  readonly name: string
  readonly schema: Schema
  readonly is_required: boolean
  readonly value: string | boolean | undefined
  readonly wrong: string | undefined
  readonly onValue: (value: string | boolean) => void
}

const Field = (props: FieldProps) => {
  const { name, schema, is_required, wrong } = props
  const id = `argument-${name}`
  const hint =
    kindOf(schema) === "lines" ? " One a line, or parted by commas." : kindOf(schema) === "json" ? " JSON." : ""
  const fallback = schema.default === undefined ? "" : ` Left out: ${JSON.stringify(schema.default)}.`
  return (
    <div class="field">
      <label for={id}>
        <code>{name}</code>
        {is_required ? <span class="needed"> required</span> : <span class="quiet"> optional</span>}
      </label>
      <Input {...props} id={id} />
      <p id={`${id}-hint`} class="hint">
        <Prose text={schema.description ?? ""} />
        {hint}
        {fallback}
      </p>
      {wrong !== undefined && (
        <p class="failure" role="alert">
          {wrong}
        </p>
      )}
    </div>
  )
}

const Input = ({ id, schema, is_required, value, wrong, onValue }: FieldProps & { readonly id: string }) => {
  const kind = kindOf(schema)
  const common = { id, "aria-describedby": `${id}-hint`, "aria-invalid": wrong !== undefined }
  const text = typeof value === "string" ? value : ""
  if (kind === "switch") {
    return (
      <input
        {...common}
        type="checkbox"
        checked={value === true || (value === undefined && schema.default === true)}
        onChange={({ currentTarget }) => onValue(currentTarget.checked)}
      />
    )
  }
  if (kind === "choice") {
    return (
      <select
        {...common}
        value={text}
        required={is_required}
        onChange={({ currentTarget }) => onValue(currentTarget.value)}
      >
        <option value="">{is_required ? "Choose…" : "Leave out"}</option>
        {schema.enum!.map((one) => (
          <option key={String(one)} value={String(one)}>
            {String(one)}
          </option>
        ))}
      </select>
    )
  }
  if (kind === "lines" || kind === "json") {
    return (
      <textarea
        {...common}
        class={kind}
        rows={kind === "lines" ? Math.min(8, Math.max(2, text.split("\n").length)) : 4}
        spellcheck={false}
        required={is_required}
        value={text}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    )
  }
  const text_field = {
    ...common,
    spellcheck: false,
    required: is_required,
    value: text,
    onInput: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => onValue(currentTarget.value),
  }
  if (kind === "text") return <input {...text_field} autocomplete="off" />
  const { minimum, maximum } = schema
  return (
    <input {...text_field} type="number" min={minimum} max={maximum} step={schema.type === "integer" ? 1 : "any"} />
  )
}
