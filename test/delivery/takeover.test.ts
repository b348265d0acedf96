/** A folder that the Python module left: what it had delivered, what it had not, and what its files say about that. */
import { describe, expect, test } from "bun:test"
import { Effect, type Scope } from "effect"
import { onTestClock } from "../support/effect.ts"
import { makeWorld, type World } from "../support/world.ts"

const root = (partition: number, host = "http://falcon.test") => `${host}/sensors/entities/datafeed/v1/${partition}`

const withWorld = (body: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) =>
  onTestClock(Effect.flatMap(makeWorld({ partitions: 2, events_per_partition: 900, templates: 60 }), body))

/** Posts events of a partition as the Python module does: texts in one list, in the order of the stream. */
const deliverByPython = ({ simulator }: World, partition: number, from: number, to: number) =>
  Effect.promise(async () => {
    const tape = simulator.tapes.get(partition)!
    const jsons = Array.from({ length: to - from }, (_, at) => Buffer.from(tape.bytes(from + at)).toString())
    const body = JSON.stringify({ intake_key: simulator.settings.intake_key, jsons })
    const headers = { "content-type": "application/json" }
    const answer = await simulator.fetch(new Request("http://falcon.test/batch", { method: "POST", headers, body }))
    expect(answer.status).toBe(200)
  })

describe("a folder that the Python module left", () => {
  test("is taken over: nothing is lost, and no more than the batch comes again whose offset it had not stored", () =>
    withWorld((world) =>
      Effect.gen(function* () {
        const { simulator, disk } = world
        yield* deliverByPython(world, 0, 0, 500)
        yield* deliverByPython(world, 0, 500, 700)
        yield* deliverByPython(world, 1, 0, 300)
        // Killed between the push of events 500 to 699 and its offset. Python's own layout of JSON.
        const offset = (partition: number, index: number) => simulator.tapes.get(partition)!.offset(index)
        disk.write("data/cache.json", `{"${root(0)}": ${offset(0, 499)}, "${root(1)}": ${offset(1, 299)}}`)
        const checkpoints = '{"most_recent_device_id": "a-device", "most_recent_user_id": "a-user", "something": [1]}'
        disk.write("data/context.json", checkpoints)
        yield* world.start
        yield* world.pass(10_000)
        const { total } = simulator.account()
        expect(total).toMatchObject({ available: 1_800, undelivered: { events: 0 }, corrupted: 0 })
        expect(total.repeated).toBe(200)
        expect(JSON.parse(disk.read("data/cache.json")!)).toEqual({
          [root(0)]: offset(0, 899),
          [root(1)]: offset(1, 899),
        })
        expect(disk.read("data/context.json")).toBe(checkpoints)
        expect((yield* world.health).plugins["event-stream"]!.status).toBe("ok")
      }),
    ))

  test("with offsets of other streams than Falcon lists is a loud warning, since everything comes again", () =>
    withWorld((world) =>
      Effect.gen(function* () {
        world.disk.write("data/cache.json", `{"${root(0, "https://firehose.us-2.crowdstrike.com")}": 4711}`)
        yield* world.start
        yield* world.pass(10_000)
        const { status, detail } = (yield* world.health).plugins["event-stream"]!
        expect(status).toBe("degraded")
        expect(detail).toContain(`cache.json holds offsets of ${root(0, "https://firehose.us-2.crowdstrike.com")}`)
        expect(detail).toContain(`none of these but ${root(0)}, ${root(1)}`)
        expect(detail).toContain("correct base_url")
        expect(world.simulator.account().total).toMatchObject({ delivered: 1_800, repeated: 0 })
      }),
    ))

  test("is not warned of when a partition of several is gone", () =>
    withWorld((world) =>
      Effect.gen(function* () {
        world.disk.write("data/cache.json", JSON.stringify({ [root(0)]: 1, [root(7)]: 4711 }))
        yield* world.start
        yield* world.pass(10_000)
        expect((yield* world.health).plugins["event-stream"]!.status).toBe("ok")
      }),
    ))
})
