import { Socket, type SocketConstructorOpts } from 'node:net'

/** What libuv has of a socket; nothing of this is Node's public interface. */
export interface Handle {
  /**
   * Writes what the network takes now, and the rest when it can.
   *
   * @param request tells of the rest; from Node 26 on null, as one is made where it is needed
   * @returns 0, what is wrong, or from Node 26 on the request that was made
   */
  writeBuffer(request: WriteRequest | null, bytes: Buffer): number | WriteRequest
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
  /** From Node 26 on: how it ended, if it did before it could be told of. */
  readonly writeStatus?: number | null
  /** What the write that is under way is known by; negative if none is. */
  getAsyncId(): number
}

/** Asks for a write. Gives 0 if it is done, what is wrong with it, or what is to tell of it. */
type Ask = (handle: Handle, bytes: Buffer) => number | WriteRequest

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

const ask = waysOfNode()

/** What a plain TCP socket is written to by directly; undefined for any other. */
export function directHandle(socket: Socket): Handle | undefined {
  if (!ask || socket.constructor !== Socket) return undefined
  return (socket as Socket & { _handle?: Handle | null })._handle ?? undefined
}

/**
 * Writes to a socket that has nothing pending, past its stream, at hardly more than the cost of
 * the system call. What is written by way of the stream after it keeps its order.
 *
 * @param handle the socket's own; one that is closed refuses
 */
export function writeDirectly(
  handle: Handle,
  bytes: Buffer,
  socket: Socket,
  owner: Owner,
): Outcome {
  const answer = ask?.(handle, bytes)
  if (answer === 0) return 'written'
  if (!answer || typeof answer === 'number') return 'refused'
  if (answer.writeStatus === 0) return 'written'
  answer.buffer = bytes
  answer.oncomplete = (status) => {
    if (status === 0) owner.onWritten()
    else socket.destroy(new Error('the connection broke in the middle of a write'))
  }
  if (answer.writeStatus) answer.oncomplete(answer.writeStatus)
  return 'pending'
}

/** Whether there is something encrypted that the network has not taken; also if none can tell. */
export function isStuck(secure: Socket): boolean {
  const { _handle: handle } = secure as Socket & { _handle?: Handle | null }
  return handle?._parent?.writeQueueSize !== 0
}

/** How a socket of this Node asks for a write; undefined if that is in no way that is known. */
function waysOfNode(): Ask | undefined {
  let way: Ask | undefined
  const handle = {
    readStart: () => 0,
    writeBuffer(request: object | null) {
      way = request === null ? askForRequest : askWith(request.constructor as RequestClass)
      return 0
    },
  }
  new Socket({ handle } as SocketConstructorOpts).write(Buffer.alloc(1))
  return way
}

type RequestClass = new () => Partial<WriteRequest>

function askForRequest(handle: Handle, bytes: Buffer): number | WriteRequest {
  return handle.writeBuffer(null, bytes)
}

/** With one request for all writes until one of them goes on. */
function askWith(Request: RequestClass): Ask | undefined {
  let request = new Request()
  if (!isIdle(request)) return undefined
  return (handle, bytes) => {
    const asked = request as WriteRequest
    const status = handle.writeBuffer(asked, bytes)
    // Nothing may be queued any more, and the write still be told of later: that one is not over.
    if (status === 0 && isIdle(asked)) return 0
    request = new Request()
    return status === 0 ? asked : status
  }
}

function isIdle(request: Partial<WriteRequest>): boolean {
  return Number(request.getAsyncId?.()) < 0
}
