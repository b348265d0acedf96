/**
 * The rules of Sekoia's library on texts and changelogs, written anew from SEKOIA-IO/automation-library: linter.py and
 * _utils/compliance/validators/changelog.py. Each gives what is wrong, in words.
 */

/** A JSON file is equal to what Python's `json.dumps(value, indent=2)` makes of it. */
export const textFaults = (text: string): string[] => {
  const faults: string[] = []
  if (text.endsWith("\n")) faults.push("ends with a line end")
  if (/[^\x20-\x7e\n]/.test(text)) faults.push("holds characters beyond ASCII")
  const escaped = JSON.stringify(JSON.parse(text), null, 2).replace(
    /[^\x20-\x7e\n]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
  if (escaped !== text) faults.push("is not as json.dumps writes it")
  return faults
}

const sections = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
const sentences = [
  "All notable changes to this project will be documented in this file.",
  "The format is based on [Keep a Changelog](https://keepachangelog.com/en/1.0.0/), and this project adheres to [Semantic Versioning](https://semver.org/spec/v2.0.0.html).",
]
const semantic = /\b(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)\b/

export const changelogFaults = (text: string): string[] => {
  const [head = "", ...versions] = text.split(/^## /m)
  const faults: string[] = []
  if (!head.startsWith("# Changelog\n")) faults.push("does not begin with its title")
  if (text.match(/^# /gm)?.length !== 1) faults.push("has several titles")
  for (const sentence of sentences)
    if (!head.replaceAll("\n", " ").includes(sentence)) faults.push(`lacks: ${sentence}`)
  if (versions.length === 0) faults.push("has no version")
  for (const version of versions) {
    const [title = "", ...rest] = version.split("\n")
    const is_released = !/unreleased/i.test(title)
    if (is_released && !semantic.test(title)) faults.push(`${title}: no semantic version`)
    if (is_released && !/\d{4}-[01]\d-[0-3]\d/.test(title)) faults.push(`${title}: no date`)
    const body = rest.join("\n").trim()
    if (body !== "" && !body.startsWith("### ")) faults.push(`${title}: text outside of a section`)
    for (const [, section = ""] of body.matchAll(/^### (.*)$/gm))
      if (!sections.includes(section)) faults.push(`${title}: ${section}`)
  }
  return faults
}
