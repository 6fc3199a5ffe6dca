import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePort } from './port.js'
import { ProxyLink, type Which } from './proxy-link.js'

const ALL: Which = () => true

/** Stands before a server, and does what networks do at their worst. */
export class FaultProxy {
  /** How many connections there have been. */
  accepted = 0
  readonly #links = new Set<ProxyLink>()
  readonly #stalls: { which: Which; up: boolean }[] = []
  readonly #waiting = new Set<() => void>()
  #server: Server | undefined
  #latency = 0
  #cut: { which: Which; left: number; done: () => void } | undefined

  private constructor(
    /** The server's URL, but through the proxy. */
    readonly url: string,
    readonly port: number,
    readonly target: { readonly host: string; readonly port: number },
  ) {}

  /** @param target the URL of a server, or its port on this machine */
  static async start(target: string | { port: number; host?: string }): Promise<FaultProxy> {
    const isUrl = typeof target === 'string'
    const url = new URL(isUrl ? target : `tcp://${target.host ?? '127.0.0.1'}:${target.port}`)
    const server = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) }
    const port = await freePort()
    url.host = `127.0.0.1:${port}`
    const proxy = new FaultProxy(url.href, port, server)
    await proxy.admit()
    return proxy
  }

  /** The connections that are open. */
  get links(): readonly ProxyLink[] {
    return [...this.#links]
  }

  get connections(): number {
    return this.#links.size
  }

  /** Resolves once something is so; looks when connections come, go, and send. */
  async until(isSo: (proxy: FaultProxy) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  /** Resets connections. */
  cut(which: Which = ALL): void {
    for (const link of this.#links) if (link.isMeant(which)) link.cut()
  }

  /** Resets the connection over which the last of so many bytes goes to a client; resolves then. */
  cutAfter(bytes: number, which: Which = ALL): Promise<void> {
    return new Promise((done) => {
      this.#cut = { which, left: bytes, done }
    })
  }

  /** Passes nothing on, either way, until `resume`; connections stay open, new ones are made. */
  stall(which: Which = ALL): void {
    this.#stall({ which, up: true })
  }

  /** Passes no replies on until `resume`. */
  stallDownstream(which: Which = ALL): void {
    this.#stall({ which, up: false })
  }

  /** Passes everything on again, what was held first. */
  resume(): void {
    this.#stalls.length = 0
    for (const link of this.#links) link.hold(false, false)
  }

  /** Holds all bytes for so long, each way. */
  latency(ms: number): void {
    this.#latency = ms
  }

  /** Resets all connections, and takes no more: they are refused. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.cut()
    if (server) await once(server.close(), 'close')
  }

  /** Takes connections again, on the same port. */
  async admit(): Promise<void> {
    if (this.#server) return
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client))
    await once(this.#server.listen(this.port, '127.0.0.1'), 'listening')
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.refuse()
  }

  #join(client: Socket): void {
    this.accepted += 1
    const server = connect({ ...this.target, allowHalfOpen: true })
    const link: ProxyLink = new ProxyLink(this.accepted, client, server, {
      latency: () => this.#latency,
      onSent: () => this.#changed(link),
      cutsAfter: (bytes) => this.#cutsAfter(link, bytes),
    })
    this.#links.add(link)
    client.once('close', () => {
      this.#links.delete(link)
      this.#wake()
    })
    this.#changed(link)
  }

  #changed(link: ProxyLink): void {
    this.#judge(link)
    this.#wake()
  }

  #stall(stall: { which: Which; up: boolean }): void {
    this.#stalls.push(stall)
    for (const link of this.#links) this.#judge(link)
  }

  #judge(link: ProxyLink): void {
    const stalls = this.#stalls.filter(({ which }) => link.isMeant(which))
    const holdsUp = stalls.some(({ up }) => up)
    if (stalls.length > 0) link.hold(holdsUp, true)
  }

  #cutsAfter(link: ProxyLink, bytes: number): number | undefined {
    const cut = this.#cut
    if (!cut || !link.isMeant(cut.which)) return undefined
    cut.left -= bytes
    if (cut.left > 0) return undefined
    this.#cut = undefined
    cut.done()
    return bytes + cut.left
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
