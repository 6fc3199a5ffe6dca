import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const MEGABYTE = Buffer.alloc(1_000_000)

/** Turns of the event loop in which nothing is taken any more. */
const IDLE = 200

/**
 * Bytes that this system takes, at most, of what is sent to somebody here who does not read: of
 * one with its usual settings some MB, of another none or many.
 */
export async function unreadBytes(): Promise<number> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[reader]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [Socket],
    unknown,
  ]
  for (let idle = 0; idle < IDLE; idle += 1) {
    await new Promise(setImmediate)
    if (socket.writableLength >= MEGABYTE.length) continue
    socket.write(MEGABYTE)
    idle = 0
  }
  const taken = socket.bytesWritten
  for (const one of [socket, reader]) one.destroy()
  server.close()
  return taken
}
