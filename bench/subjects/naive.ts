/** An ordinary client: decodes the text, parses every event, writes each again, posts a thousand, waits, goes on. */
import { batch_events_max, type Feed, intake_key, listFeeds, open, post } from "./falcon.ts"

const flush_ms = 1_000

const run = async (feed: Feed): Promise<void> => {
  const reader = await open(feed)
  const decoder = new TextDecoder()
  let events: { metadata: { offset: number } }[] = []
  let rest = ""
  let flushed_ms = Date.now()

  const flush = async (): Promise<void> => {
    const batch = events
    events = []
    flushed_ms = Date.now()
    if (batch.length > 0) await post(JSON.stringify({ intake_key, jsons: batch.map((event) => JSON.stringify(event)) }))
  }

  for (;;) {
    const { done, value } = await reader.read()
    if (done) return flush()
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n")
    rest = lines.pop()!
    for (const line of lines) {
      if (line.trim() === "") continue
      events.push(JSON.parse(line))
      if (events.length === batch_events_max) await flush()
    }
    if (Date.now() - flushed_ms > flush_ms) await flush()
  }
}

await Promise.all((await listFeeds()).map(run))
