/**
 * JSON as Sekoia's library wants its files: the text that Python's `json.dumps(value, indent=2)` writes, byte for byte
 * (SEKOIA-IO/automation-library, linter.py): ASCII only, no line end at the end.
 */
export const pythonJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(
    /[^\x20-\x7e\n]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
