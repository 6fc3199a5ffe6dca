import { lookup } from 'node:dns/promises'
import * as net from 'node:net'
import { getSystemErrorMap } from 'node:util'

/** What libuv has of a socket that is bound to an address, and that nobody takes connections from. */
export interface BoundSocket {
  /** @returns 0, or the number of what went wrong when it was bound */
  getsockname(address: object): number
  close(): void
}

/** As node:cluster makes them for workers that are to share them; not in Node's public interface. */
const { _createServerHandle: bindHandle } = net as unknown as {
  _createServerHandle(address: string, port: number, family: number): BoundSocket | number
}

/**
 * Binds a port on all addresses that a name means; of `localhost` those that there are.
 *
 * @param port 0 takes a free one
 * @returns the sockets, and the first one's address
 * @throws what the system says
 */
export async function bind(
  host: string,
  port: number,
): Promise<{ sockets: BoundSocket[]; address: net.AddressInfo }> {
  const [first, ...others] = await lookup(host, { all: true })
  if (!first) throw new Error('it has no address')
  const { socket, address } = bindOne(first, port)
  const sockets = [socket]
  for (const other of host === 'localhost' ? others : []) {
    try {
      sockets.push(bindOne(other, address.port).socket)
    } catch {
      // of this name both addresses are meant, as far as there are two
    }
  }
  return { sockets, address }
}

function bindOne(to: { address: string; family: number }, port: number) {
  const socket = bindHandle(to.address, port, to.family)
  if (typeof socket === 'number') throw systemError(socket)
  const address = {} as net.AddressInfo
  const fault = socket.getsockname(address)
  if (fault === 0) return { socket, address }
  socket.close()
  throw systemError(fault)
}

function systemError(number: number): Error {
  const [name, text] = getSystemErrorMap().get(number) ?? [`error ${number}`, 'unknown']
  return Object.assign(new Error(`${name}: ${text}`), { code: name })
}
