import { Socket, type SocketConstructorOpts } from 'node:net'

/** What libuv has of a socket; nothing of this is Node's public interface. */
interface Handle {
  /** Writes what the network takes now, and the rest when it can. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number
  /** Bytes that the network has not taken. */
  readonly writeQueueSize: number
  /** That of the connection, if this is of TLS. */
  readonly _parent?: Handle
}

/** A write that goes on after it was asked for. */
interface WriteRequest {
  oncomplete?: (status: number) => void
  /** Held until it is written. */
  buffer?: Buffer
  /** What the write that is under way is known by; negative if none is. */
  getAsyncId(): number
}

/** Who is told of a write that was pending. */
export interface Owner {
  onWritten(): void
}

type Outcome =
  /** The network has it all. */
  | 'written'
  /** It will have it all when `onWritten` is called, unless the socket is closed before. */
  | 'pending'
  /** Nothing is written; the socket can be asked to, or tells what is wrong with it. */
  | 'refused'

const RequestClass = requestClass()

/** For the next write. One is enough for all that are done when they have been asked for. */
let request = RequestClass && new RequestClass()

/**
 * Writes to a plain TCP socket that has nothing pending, past its stream, at hardly more than the
 * cost of the system call. What is written by way of the stream after it keeps its order.
 */
export function writeDirectly(socket: Socket, bytes: Buffer, owner: Owner): Outcome {
  const handle = (socket as Socket & { _handle?: Handle | null })._handle
  if (!request || !handle || socket.constructor !== Socket) return 'refused'
  if (handle.writeBuffer(request, bytes) !== 0) {
    request = RequestClass && new RequestClass()
    return 'refused'
  }
  // Nothing may be queued any more, and the write still be told of later: such a one is not over.
  if (request.getAsyncId() < 0) return 'written'
  request.buffer = bytes
  request.oncomplete = (status) => {
    if (status === 0) owner.onWritten()
    else socket.destroy(new Error('the connection broke in the middle of a write'))
  }
  request = RequestClass && new RequestClass()
  return 'pending'
}

/** Whether there is something encrypted that the network has not taken; also if none can tell. */
export function isStuck(secure: Socket): boolean {
  const { _handle: handle } = secure as Socket & { _handle?: Handle | null }
  return handle?._parent?.writeQueueSize !== 0
}

/** Node's class of write requests, as a socket uses it; undefined if Node has come to do without. */
function requestClass(): (new () => WriteRequest) | undefined {
  let found: (new () => Partial<WriteRequest>) | undefined
  const handle = {
    readStart: () => 0,
    writeBuffer: (made: object) => {
      found = made.constructor as new () => Partial<WriteRequest>
      return 0
    },
  }
  new Socket({ handle } as SocketConstructorOpts).write(Buffer.alloc(1))
  const isUsable = found && Number(new found().getAsyncId?.()) < 0
  return isUsable ? (found as new () => WriteRequest) : undefined
}
