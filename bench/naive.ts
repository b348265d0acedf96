/** The naive client: what one writes in ten minutes. Every event is decoded, parsed, and turned into text twice. */
import { batch_events, intake_key, post, readAll } from "./client.ts"

async function read(feed: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder()
  let text = ""
  let events: unknown[] = []
  for (;;) {
    const { done, value } = await feed.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
    const lines = text.split("\n")
    text = lines.pop() ?? ""
    for (const line of lines) {
      if (line.trim() === "") continue
      events.push(JSON.parse(line))
      if (events.length < batch_events) continue
      await send(events)
      events = []
    }
  }
  if (events.length > 0) await send(events)
}

async function send(events: readonly unknown[]): Promise<void> {
  const jsons = events.map((event) => JSON.stringify(event))
  await post(JSON.stringify({ intake_key, jsons }))
}

await readAll(read)
