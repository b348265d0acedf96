/** One indicator on its way to Falcon. */
export interface WriteRow {
  /** `type:value` of a new one, the id of one that exists; no two rows share it. */
  readonly key: string
  readonly body: Readonly<Record<string, unknown>>
}
