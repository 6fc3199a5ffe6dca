import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

/** The types of frames. [spec] RFC 9113, section 6 */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const

export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const

/** The settings that a client can send. [spec] RFC 9113, section 6.5.2 */
export const SETTING = { initialWindow: 4, maxFrame: 5 } as const

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** The largest window that there is. */
export const MOST_WINDOW = 2 ** 31 - 1

const INITIAL_WINDOW = 65_535

const HEAD = 9

const CANCEL = 8

/** A frame of HTTP/2, whether it makes sense or not. */
export function frame(
  type: number,
  flags = 0,
  stream = 0,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const items = Object.entries(values).map(([name, value]) =>
    Buffer.concat([Buffer.from([0, Number(name)]), number(value)]),
  )
  return frame(FRAME.settings, 0, 0, Buffer.concat(items))
}

/** Headers as they are, in no table and without Huffman. [spec] RFC 7541, section 6.2.2 */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(headers).flatMap(([name, value]) => [
    Buffer.from([0]),
    text(name),
    text(value),
  ])
  return Buffer.concat(parts)
}

/** A request without a body, in one frame. */
export function request(stream: number, headers: Readonly<Record<string, string>>): Buffer {
  const all = { ':method': 'GET', ':scheme': 'https', ':authority': 'localhost', ...headers }
  return frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, headerBlock(all))
}

/** Breaks a stream off, as a client does that wants no more of it. */
export function reset(stream: number): Buffer {
  return frame(FRAME.reset, 0, stream, number(CANCEL))
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(FRAME.window, 0, stream, number(increment))
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  const { length } = bytes
  if (length < 127) return Buffer.concat([Buffer.from([length]), bytes])
  const digits = [127]
  let rest = length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...digits, rest]), bytes])
}

/** A frame that has come. */
export interface Received {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A connection of HTTP/2 whose every frame is the test's: it answers nothing by itself. */
export class RawHttp2 {
  readonly frames: Received[] = []
  isClosed = false
  #rest: Buffer = Buffer.alloc(0)

  private constructor(readonly socket: TLSSocket) {
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** @param window what each stream may send, and all of them together */
  static async connect(
    { port, ca }: { port: number; ca: string },
    window = INITIAL_WINDOW,
  ): Promise<RawHttp2> {
    const socket = connect({ port, host: '127.0.0.1', ca, ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    const raw = new RawHttp2(socket)
    raw.send(PREFACE, settings({ [SETTING.initialWindow]: window }))
    if (window > INITIAL_WINDOW) raw.send(windowUpdate(0, window - INITIAL_WINDOW))
    return raw
  }

  /** @returns whether more can be sent at once, else after a 'drain' of the socket */
  send(...frames: readonly Buffer[]): boolean {
    return this.socket.write(Buffer.concat(frames))
  }

  /** The code of the GOAWAY that has come. [spec] RFC 9113, section 7 */
  get goaway(): number | undefined {
    return this.frames.find(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4)
  }

  close(): void {
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    let bytes: Buffer = Buffer.concat([this.#rest, chunk])
    while (bytes.length >= HEAD) {
      const end = HEAD + bytes.readUIntBE(0, 3)
      if (bytes.length < end) break
      this.frames.push({
        type: bytes.readUInt8(3),
        flags: bytes.readUInt8(4),
        stream: bytes.readUInt32BE(5),
        payload: bytes.subarray(HEAD, end),
      })
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }
}
