import { expect, test } from "bun:test"
import { live_clock } from "../../simulator/clock.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { makeSimulator } from "../../simulator/simulator.ts"
import { locate, wrongs } from "./oracle.ts"

const settings: SimulatorOptions = {
  seed: 3,
  events_per_partition: 50,
  start_ms: Date.UTC(2026, 0, 1),
  poison: [{ partition: 0, index: 7, kind: "malformed" }],
}
const simulator = makeSimulator(settings, live_clock)
const tape = simulator.tapes.get(0)!
const poison = Buffer.from(tape.bytes(7))
const [first, second] = [20, 21].map((index) => ({ offset: tape.offset(index), bytes: Buffer.from(tape.bytes(index)) }))

const whereabouts = (letters: readonly Buffer[]) => locate(settings, { 0: [first!.offset, second!.offset] }, letters)

const overwritten = (bytes: Buffer, ...places: number[]): Buffer => {
  const copy = Buffer.from(bytes)
  for (const at of places) copy[at] = 0
  return copy
}

test("an event that neither the intake nor a dead letter holds is lost", () => {
  const where = whereabouts([first!.bytes])
  expect(where.lost).toEqual([second!.offset, tape.offset(7)])
  expect(wrongs(simulator.account(), where, [])[0]).toStartWith("2 events are lost")
})

test("an event is found in its dead letter although bytes of it were overwritten, or the line end before it was", () => {
  const merged = Buffer.concat([first!.bytes, Buffer.of(0), overwritten(second!.bytes, 0, 99)])
  expect(whereabouts([merged, poison])).toMatchObject({ set_aside: 2, poisoned: 1, made_good: 0, lost: [] })
})

test("an event is not found in a dead letter that differs from it in any other byte, or lacks its end", () => {
  const changed = Buffer.from(first!.bytes)
  changed[50] = changed[50]! ^ 1
  const cut = second!.bytes.subarray(0, -1)
  expect(whereabouts([changed, cut, poison]).lost).toEqual([first!.offset, second!.offset])
})

test("events out of order are wrong unless as many were set aside and read again", () => {
  const account = simulator.account()
  const shuffled = { ...account, total: { ...account.total, out_of_order: 1 } }
  const where = whereabouts([first!.bytes, second!.bytes, poison])
  expect(wrongs(shuffled, where, [])).toEqual(["1 events came out of order, 0 may"])
  expect(wrongs(shuffled, { ...where, made_good: 1 }, [])).toEqual([])
})
