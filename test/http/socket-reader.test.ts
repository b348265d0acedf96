import { expect, test } from "bun:test"
import net from "node:net"
import { sockets } from "../../src/core/http/client/limits.ts"
import { SocketReader } from "../../src/core/http/client/socket/socket-reader.ts"
import { tcp } from "./sockets.ts"

test("a socket of which much was read is read on when more is asked for, not while that is taken", async () => {
  const sent = new Uint8Array(8 * 1024 * 1024).fill(97)
  using server = await tcp((socket) => socket.end(sent))
  const socket = net.connect({ host: "127.0.0.1", port: server.port })
  const reader = new SocketReader(socket)
  let taken = 0
  const take = async () => {
    const piece = await reader.read()
    taken += piece?.length ?? 0
    return piece !== undefined
  }
  while (!socket.isPaused()) await Bun.sleep(1)
  await Bun.sleep(50)
  const read = socket.bytesRead
  expect(read).toBeGreaterThanOrEqual(sockets.waiting_bytes_max)
  const kept = read - socket.readableLength
  while (taken < kept) await take()
  await Bun.sleep(50)
  expect([taken, socket.bytesRead]).toEqual([kept, read])
  while (await take());
  expect(taken).toBe(sent.length)
})
