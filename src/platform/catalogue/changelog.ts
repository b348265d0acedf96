/** The changelog of the module folder, in the form that Sekoia's library checks (keepachangelog.com 1.0.0, semver.org 2.0.0). */

const sentences = [
  "All notable changes to this project will be documented in this file.",
  "",
  "The format is based on [Keep a Changelog](https://keepachangelog.com/en/1.0.0/),",
  "and this project adheres to [Semantic Versioning](https://semver.org/spec/v2.0.0.html).",
]

/** What a user of the platform notices. A release gives the first heading its version and date: `## [0.1.0] - 2026-12-01`. */
const entries = [
  "## [Unreleased]",
  "",
  "### Added",
  "",
  "- Counts, outcome, errors for each id and CrowdStrike's trace ids in the results of every action",
  "- Account validation looks at the scopes of the API client and at the event streams, not at the credentials alone",
  "- The user inventory is registered",
  "",
  "### Changed",
  "",
  "- The module runs the Akonis executable in place of Python; uuids, docker parameters and arguments are as before",
  "- The trigger of the event stream has the uuid of its connector",
  "- An action of which a part failed ends with an error and with the results of what was done",
  "- Lists above what CrowdStrike takes in one call are split",
  "",
  "### Fixed",
  "",
  "- Login history and indicator reports ask the right endpoints",
  "- Searches give all results up to the limit, and not the first page alone",
  "- An offset is stored only once the intake has taken the events",
]

export const changelog = ["# Changelog", "", ...sentences, "", ...entries, ""].join("\n")
